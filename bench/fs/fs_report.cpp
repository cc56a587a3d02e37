// SPDX-License-Identifier: Apache-2.0
#include "bench/fs/fs_report.h"

#include <cstdio>

#include "bench/ratio/ratio.h"

namespace vexfs {

namespace {

template <typename... Values>
std::string format(const char* pattern, Values... values) {
    char line[256];
    std::snprintf(line, sizeof line, pattern, values...);
    return line;
}

// Of the middle round, percentile by percentile.
std::string latency_text(std::span<const Latency> rounds) {
    Measurement one;
    one.add_latency(rounds);
    std::string text;
    for (const Figure& figure : one.figures)
        text +=
            format("%s %s %.1f", text.empty() ? "" : ",",
                   figure.name.substr(figure.name.find('_') + 1).c_str(), figure.median() / 1000);
    return text.empty() ? text : "    latency, us:" + text + "\n";
}

} // namespace

std::string text_of(const FsReport& report) {
    std::string text = report.machine.processor + ", " + report.machine.kernel + ", commit " +
                       report.machine.commit + "\n" + report.command +
                       (report.setting.empty() ? "" : "\n" + report.setting) +
                       "\n\noperations a second, and those of " + report.places.front() +
                       " over the others'\n\n";
    for (const TrialFigures& trial : report.trials) {
        text += format("%-14s %s\n", trial.name.c_str(), trial.what.c_str());
        if (!trial.job.empty())
            text += std::string(15, ' ') + trial.job + "\n";
        for (size_t i = 0; i < report.places.size(); ++i) {
            text += format("  %-14s %12.0f", report.places[i].c_str(), middle_of(trial.rates[i]));
            if (i > 0) {
                const Ratio ratio = ratio_of(trial.rates[0], trial.rates[i]);
                text += format("   %.2fx (%.2f..%.2f)", ratio.middle, ratio.low, ratio.high);
            } else if (trial.engine) {
                text += format("   engine: %.2f requests an operation, %.0f%% of the time",
                               trial.engine->requests, trial.engine->of_time * 100);
            }
            text += "\n" + latency_text(trial.latencies[i]);
        }
    }
    return text;
}

ResultFile results_of(const FsReport& report) {
    BenchRun run;
    run.command = report.command;
    run.setting = report.setting;
    for (const TrialFigures& trial : report.trials) {
        for (size_t i = 0; i < report.places.size(); ++i) {
            Measurement one{"fs." + trial.name, report.places[i], i > 0, trial.what, {}, {}, {}};
            if (!trial.job.empty())
                one.parameters.emplace_back("job", trial.job);
            one.add("throughput", "1/s", Better::kMore, trial.rates[i]);
            one.add_latency(trial.latencies[i]);
            if (i == 0 && trial.engine) {
                one.add("engine_requests", "count", Better::kNeither, trial.engine->requests);
                one.add("engine_share", "share", Better::kNeither, trial.engine->of_time);
            }
            for (size_t other = 1; i == 0 && other < report.places.size(); ++other)
                one.ratios.push_back({"throughput", report.places[other],
                                      ratio_of(trial.rates[0], trial.rates[other])});
            run.measurements.push_back(std::move(one));
        }
    }
    return {report.machine, {std::move(run)}};
}

} // namespace vexfs
