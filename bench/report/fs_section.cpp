// SPDX-License-Identifier: Apache-2.0
//
// The section about file systems beside each other.
//
// Threads: pure.
#include <algorithm>

#include "bench/report/html.h"
#include "bench/report/section.h"

namespace vexfs {
namespace {

std::string ratios_text(const Measurement& measurement) {
    std::string text;
    for (const PeerRatio& ratio : measurement.ratios)
        text += (text.empty() ? "" : ", ") + ratio.peer + " " + ratio_text(ratio.ratio);
    return text;
}

std::string share_text(const Measurement& measurement) {
    const Figure* share = measurement.figure("engine_share");
    return share == nullptr ? "" : quantity(share->median(), "share");
}

} // namespace

std::string file_systems_of(const BenchRun& run, const Colours& colours) {
    BarPlot plot{"operations a second of mounted file systems", "1/s", {}, {}};
    Table table({"where", "work", "a second", "engine's share of the time", "ours over"});
    for (const Measurement& one : run.measurements) {
        const Figure* throughput = one.figure("throughput");
        if (!one.benchmark.starts_with("fs.") || throughput == nullptr)
            continue;
        const std::string trial = one.benchmark.substr(3);
        const auto group = std::find(plot.groups.begin(), plot.groups.end(), trial);
        const auto at = static_cast<size_t>(group - plot.groups.begin());
        if (group == plot.groups.end())
            plot.groups.push_back(trial);
        auto series = std::find_if(plot.series.begin(), plot.series.end(),
                                   [&](const Series& each) { return each.name == one.subject; });
        if (series == plot.series.end())
            series =
                plot.series.insert(plot.series.end(), {one.subject, colours.of(one.subject), {}});
        series->points.resize(std::max(series->points.size(), at + 1));
        series->points[at].y = throughput->median();
        table.row({one.subject, trial + ": " + one.description, figure_text(*throughput),
                   share_text(one), ratios_text(one)},
                  !one.peer);
    }
    if (table.empty())
        return "";
    return block("Operations a second", svg_of(plot) + legend_of(plot.series), run) +
           block("File systems in turns", table.html(), run);
}

} // namespace vexfs
