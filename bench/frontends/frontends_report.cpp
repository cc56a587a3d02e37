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

} // namespace

std::string text_of(const FrontendsReport& report) {
    std::string text = report.machine.processor + ", " + report.machine.kernel + ", commit " +
                       report.machine.commit + "\n" + report.command + "\n\n";
    text += format(
        "%llu rows of %llu x f32, k = %llu, %llu searches a round, %zu rounds\n\n",
        static_cast<unsigned long long>(report.rows), static_cast<unsigned long long>(report.dim),
        static_cast<unsigned long long>(report.k), static_cast<unsigned long long>(report.searches),
        report.ways.front().latency.size());
    text += format("%-14s %9s %9s %17s %7s   %s\n", "", "p50 us", "p99 us", "outside index us",
                   "share", "p50 over the first");
    const std::vector<double> first = of_rounds(report.ways.front(), &Latency::p50_ns);
    for (const WayFigures& way : report.ways) {
        const std::vector<double> own = of_rounds(way, &Latency::p50_ns);
        text += format("%-14s %9.1f %9.1f %17.1f %6.0f%%", way.name.c_str(), microseconds(own),
                       microseconds(of_rounds(way, &Latency::p99_ns)), microseconds(way.outside_ns),
                       middle_of(way.outside_share) * 100);
        const Ratio ratio = ratio_of(own, first);
        if (&way != &report.ways.front())
            text += format("   %.2fx (%.2f..%.2f)", ratio.middle, ratio.low, ratio.high);
        text += "\n";
    }
    return text + format("\nrecall %.4f\n", middle_of(report.ways.front().recall));
}

ResultFile results_of(const FrontendsReport& report) {
    BenchRun run;
    run.command = report.command;
    for (const WayFigures& way : report.ways) {
        Measurement one{
            "frontends.search",
            "vexfs",
            false,
            "one search, nothing else under way",
            {{"way", way.name}, {"rows", report.rows}, {"dim", report.dim}, {"k", report.k}},
            {},
            {}};
        one.add_latency(way.latency);
        one.add("outside_index", "ns", Better::kLess, way.outside_ns);
        one.add("outside_index_share", "share", Better::kNeither, way.outside_share);
        one.add("recall", "share", Better::kMore, way.recall);
        run.measurements.push_back(std::move(one));
    }
    return {report.machine, {std::move(run)}};
}

} // namespace vexfs
