// SPDX-License-Identifier: Apache-2.0
#include "bench/frontends/frontends_report.h"

#include <cstdio>

namespace vexfs {

namespace {

template <typename... Values>
std::string format(const char* pattern, Values... values) {
    char line[256];
    std::snprintf(line, sizeof line, pattern, values...);
    return line;
}

std::vector<double> of_rounds(const WayFigures& way, uint64_t Latency::*figure) {
    std::vector<double> values;
    for (const Latency& latency : way.latency)
        values.push_back(static_cast<double>(latency.*figure));
    return values;
}

double microseconds(const std::vector<double>& rounds_ns) {
    return middle_of(rounds_ns) / 1000;
}

// "one search", "32 rows"
std::string message_of(const TaskFigures& task) {
    const bool searches = task.benchmark == "frontends.search";
    if (task.batch == 1)
        return searches ? "one search" : "one row";
    return std::to_string(task.batch) + (searches ? " searches" : " rows");
}

std::string text_of(const TaskFigures& task) {
    std::string text = format("\n%s, %llu messages of each way a round\n", task.description.c_str(),
                              static_cast<unsigned long long>(task.messages));
    text += format("%-14s %9s %9s %11s %17s %7s   %s\n", message_of(task).c_str(), "p50 us",
                   "p99 us", "a second", "outside index us", "share", "p50 over the first");
    const std::vector<double> first = of_rounds(task.ways.front(), &Latency::p50_ns);
    for (const WayFigures& way : task.ways) {
        const std::vector<double> own = of_rounds(way, &Latency::p50_ns);
        text += format("%-14s %9.1f %9.1f %11.0f", way.name.c_str(), microseconds(own),
                       microseconds(of_rounds(way, &Latency::p99_ns)), middle_of(way.throughput));
        if (way.outside_ns.empty())
            text += format(" %17s %7s", "", "");
        else
            text += format(" %17.1f %6.0f%%", microseconds(way.outside_ns),
                           middle_of(way.outside_share) * 100);
        const Ratio ratio = ratio_of(own, first);
        if (&way != &task.ways.front())
            text += format("   %.2fx (%.2f..%.2f)", ratio.middle, ratio.low, ratio.high);
        text += "\n";
    }
    return text;
}

} // namespace

std::string text_of(const FrontendsReport& report) {
    std::string text = report.machine.processor + ", " + report.machine.kernel + ", commit " +
                       report.machine.commit + "\n" + report.command + "\n\n";
    text += format(
        "%llu rows of %llu x f32, k = %llu, %zu rounds, recall %.4f\n",
        static_cast<unsigned long long>(report.rows), static_cast<unsigned long long>(report.dim),
        static_cast<unsigned long long>(report.k), report.tasks.front().ways.front().latency.size(),
        middle_of(report.tasks.front().ways.front().recall));
    for (const TaskFigures& task : report.tasks)
        text += text_of(task);
    text += report.paths.empty()
                ? "\nthe kernel module: no instruction counts were given (--paths)\n"
                : "\ninstructions of an ioctl there and back, counted in a virtual machine\n";
    for (const Measurement& path : report.paths)
        text += format("%-14s %-18s %9.0f\n", path.text_of("kernel").c_str(),
                       path.text_of("way").c_str(), path.figures.front().median());
    return text;
}

ResultFile results_of(const FrontendsReport& report) {
    BenchRun run;
    run.command = report.command;
    for (const TaskFigures& task : report.tasks) {
        for (const WayFigures& way : task.ways) {
            Measurement one{task.benchmark,
                            "vexfs",
                            false,
                            task.description,
                            {{"way", way.name},
                             {"batch", task.batch},
                             {"rows", report.rows},
                             {"dim", report.dim},
                             {"k", report.k}},
                            {},
                            {}};
            one.add_latency(way.latency);
            one.add("throughput", "1/s", Better::kMore, way.throughput);
            if (!way.outside_ns.empty()) {
                one.add("outside_index", "ns", Better::kLess, way.outside_ns);
                one.add("outside_index_share", "share", Better::kNeither, way.outside_share);
                one.add("recall", "share", Better::kMore, way.recall);
            }
            run.measurements.push_back(std::move(one));
        }
    }
    run.measurements.insert(run.measurements.end(), report.paths.begin(), report.paths.end());
    return {report.machine, {std::move(run)}};
}

} // namespace vexfs
