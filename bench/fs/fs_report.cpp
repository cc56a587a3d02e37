// SPDX-License-Identifier: Apache-2.0
#include "bench/fs/fs_report.h"

#include <cstdio>

#include "bench/machine/machine_json.h"
#include "bench/ratio/ratio.h"

namespace vexfs {

namespace {

template <typename... Values>
std::string format(const char* pattern, Values... values) {
    char line[256];
    std::snprintf(line, sizeof line, pattern, values...);
    return line;
}

} // namespace

std::string text_of(const FsReport& report) {
    std::string text = report.machine.processor + ", " + report.machine.kernel + ", commit " +
                       report.machine.commit + "\n" + report.command +
                       "\n\noperations a second, and those of " + report.places.front() +
                       " over the others'\n\n";
    for (const TrialFigures& trial : report.trials) {
        text += format("%-8s %s\n", trial.name.c_str(), trial.what.c_str());
        for (size_t i = 0; i < report.places.size(); ++i) {
            text += format("  %-14s %12.0f", report.places[i].c_str(), middle_of(trial.rates[i]));
            if (i > 0) {
                const Ratio ratio = ratio_of(trial.rates[0], trial.rates[i]);
                text += format("   %.2fx (%.2f..%.2f)", ratio.middle, ratio.low, ratio.high);
            } else if (trial.engine) {
                text += format("   engine: %.2f requests an operation, %.0f%% of the time",
                               trial.engine->requests, trial.engine->of_time * 100);
            }
            text += "\n";
        }
    }
    return text;
}

std::string json_of(const FsReport& report) {
    nlohmann::ordered_json json{{"schema", "vexfs-bench.fs/1"},
                                {"machine", json_of_machine(report.machine)},
                                {"commit", report.machine.commit},
                                {"command", report.command},
                                {"trials", nlohmann::ordered_json::array()}};
    for (const TrialFigures& trial : report.trials) {
        nlohmann::ordered_json one{{"name", trial.name}, {"operation", trial.what}};
        for (size_t i = 0; i < report.places.size(); ++i) {
            one["rates"][report.places[i]] = trial.rates[i];
            if (i == 0)
                continue;
            const Ratio ratio = ratio_of(trial.rates[0], trial.rates[i]);
            one["ratios"][report.places[i]] = {
                {"middle", ratio.middle}, {"low", ratio.low}, {"high", ratio.high}};
        }
        if (trial.engine)
            one["engine"] = {{"requests_per_operation", trial.engine->requests},
                             {"share_of_time", trial.engine->of_time}};
        json["trials"].push_back(one);
    }
    return json.dump(2) + "\n";
}

} // namespace vexfs
