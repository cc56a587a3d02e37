// SPDX-License-Identifier: Apache-2.0
//
// The section about the ways in.
//
// Threads: pure.
#include <algorithm>

#include "bench/report/html.h"
#include "bench/report/section.h"

namespace vexfs {
namespace {

// "1 search", "16 rows"
std::string task_of(const Measurement& measurement) {
    const std::string batch = measurement.text_of("batch");
    const bool one = batch == "1" || batch.empty();
    if (measurement.benchmark == "frontends.search")
        return one ? "1 search" : batch + " searches";
    return one ? "1 row" : batch + " rows";
}

size_t colour_of(std::vector<std::string>& ways, const std::string& way) {
    const auto found = std::find(ways.begin(), ways.end(), way);
    const auto at = static_cast<size_t>(found - ways.begin());
    if (found == ways.end())
        ways.push_back(way);
    return at;
}

// Paths to the engine and back, counted in a virtual machine.
std::string path_lengths_of(const BenchRun& run) {
    Bars bars("instructions of an ioctl there and back", "count");
    std::vector<std::string> ways;
    for (const Measurement& one : run.measurements) {
        const Figure* figure = one.figure("instructions");
        if (one.benchmark != "frontends.path" || figure == nullptr)
            continue;
        const std::string way = one.text_of("way");
        bars.add(one.text_of("kernel"), way, colour_of(ways, way), figure->median());
    }
    return bars.empty() ? ""
                        : block("Instructions of an ioctl, there and back", bars.html(), run,
                                "as recorded in virtual machines by vm-tests/run.sh perf");
}

} // namespace

std::string front_ends_of(const BenchRun& run) {
    Bars bars("median time of a message", "ns");
    Table table({"way", "message", "p50", "p90", "p99", "p99.9", "searches or rows a second",
                 "outside the index", "of the time", "recall"});
    std::vector<std::string> ways;
    std::string title;
    for (const Measurement& one : run.measurements) {
        const Figure* median = one.figure("latency_p50");
        if ((one.benchmark != "frontends.search" && one.benchmark != "frontends.insert") ||
            median == nullptr)
            continue;
        const std::string way = one.text_of("way");
        title = title_of(one);
        bars.add(task_of(one), way, colour_of(ways, way), median->median());
        const bool first = way == ways.front(); // of its message
        std::vector<std::string> cells = {way,
                                          task_of(one) + (first ? ": " + one.description : "")};
        for (const char* figure : {"latency_p50", "latency_p90", "latency_p99", "latency_p99.9",
                                   "throughput", "outside_index", "outside_index_share", "recall"})
            cells.push_back(median_text(one, figure));
        table.row(std::move(cells), first);
    }
    std::string out;
    if (!table.empty())
        out = block("Median time of a message, " + title, bars.html(), run);
    out += path_lengths_of(run);
    return table.empty() ? out : out + block("By each way in", table.html(), run);
}

} // namespace vexfs
