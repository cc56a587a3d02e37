// SPDX-License-Identifier: Apache-2.0
#include "bench/open/open_report.h"

#include <algorithm>
#include <cstdio>

namespace vexfs {

namespace {

struct Row {
    const char* name; // of the figure
    const char* text;
    double OpenReport::*value;
};

constexpr Row kTimes[] = {
    {"mounted", "the volume is open", &OpenReport::mounted},
    {"first_answer", "first answer", &OpenReport::first_answer},
    {"full_speed", "full speed", &OpenReport::full_speed},
    {"linked", "nothing pending", &OpenReport::linked},
};

std::vector<double> of(const std::vector<OpenReport>& rounds, double OpenReport::*value) {
    std::vector<double> values;
    for (const OpenReport& round : rounds)
        values.push_back(round.*value);
    return values;
}

template <typename... Values>
std::string format(const char* pattern, Values... values) {
    char line[256];
    std::snprintf(line, sizeof line, pattern, values...);
    return line;
}

std::string block(const char* title, const std::vector<OpenReport>& rounds) {
    std::string text = format("\n%s, seconds, middle of %zu (least..most)\n", title, rounds.size());
    for (const Row& row : kTimes) {
        const std::vector<double> values = of(rounds, row.value);
        const auto [low, high] = std::ranges::minmax(values);
        text += format("  %-38s %7.3f  (%.3f..%.3f)\n", row.text, middle_of(values), low, high);
    }
    for (const OpenReport& round : rounds)
        text += format("  pending %llu, dead %llu; a search %.0f us at first, recall %.3f, and "
                       "%.0f us in the end\n",
                       static_cast<unsigned long long>(round.pending),
                       static_cast<unsigned long long>(round.dead), round.slice_us,
                       round.first_recall, round.last_us);
    return text;
}

Measurement measurement(const OpenBenchReport& report, const char* stop,
                        const std::vector<OpenReport>& rounds) {
    Measurement one{"open.collection",
                    "vexfs",
                    false,
                    "a fresh process opens the volume and searches",
                    {{"stop", stop},
                     {"rows", report.options.rows},
                     {"dim", report.options.dim},
                     {"rows_a_file", report.options.rows_a_file}},
                    {},
                    {}};
    for (const Row& row : kTimes)
        one.add(row.name, "s", Better::kLess, of(rounds, row.value));
    one.add("recall", "share", Better::kMore, of(rounds, &OpenReport::first_recall));
    std::vector<double> pending;
    for (const OpenReport& round : rounds)
        pending.push_back(static_cast<double>(round.pending));
    one.add("pending", "count", Better::kNeither, pending);
    return one;
}

} // namespace

std::string text_of(const OpenBenchReport& report) {
    std::string text = report.machine.processor + ", " + report.machine.kernel + ", commit " +
                       report.machine.commit + "\n" + report.command + "\n\n";
    text += format("%llu rows of %llu x f32, %llu a file\n",
                   static_cast<unsigned long long>(report.options.rows),
                   static_cast<unsigned long long>(report.options.dim),
                   static_cast<unsigned long long>(report.options.rows_a_file));
    if (report.fill)
        text +=
            format("filled in %.1f s, linked in %.1f s more, stopped in %.2f s\n",
                   report.fill->put_seconds, report.fill->link_seconds, report.fill->stop_seconds);
    return text + block("after a clean stop", report.clean) + block("after kill -9", report.killed);
}

ResultFile results_of(const OpenBenchReport& report) {
    BenchRun run;
    run.command = report.command;
    run.measurements.push_back(measurement(report, "clean", report.clean));
    run.measurements.push_back(measurement(report, "kill", report.killed));
    return {report.machine, {std::move(run)}};
}

} // namespace vexfs
