// SPDX-License-Identifier: Apache-2.0
//
// The sections about the index: curves, latencies, build and memory.
//
// Threads: pure.
#include <algorithm>

#include "bench/report/html.h"
#include "bench/report/section.h"

namespace vexfs {
namespace {

constexpr const char* kPercentiles[] = {"latency_p50", "latency_p90", "latency_p99",
                                        "latency_p99.9", "latency_max"};
const std::vector<std::string> kPercentileNames = {"p50", "p90", "p99", "p99.9", "max"};

// One series of each subject, empty, in the order of the group.
std::vector<Series> series_of(const Group& group, const Colours& colours) {
    std::vector<Series> all;
    for (const Measurement* one : group.measurements) {
        const bool known = std::any_of(all.begin(), all.end(), [&](const Series& series) {
            return series.name == one->subject;
        });
        if (!known)
            all.push_back({one->subject, colours.of(one->subject), {}});
    }
    return all;
}

Series& series_named(std::vector<Series>& all, const std::string& name) {
    return *std::find_if(all.begin(), all.end(),
                         [&](const Series& series) { return series.name == name; });
}

std::vector<double> values_of(const std::vector<Series>& all, double PlotPoint::*coordinate) {
    std::vector<double> values;
    for (const Series& series : all) {
        for (const PlotPoint& point : series.points)
            values.push_back(point.*coordinate);
    }
    return values;
}

std::string median_text(const Measurement& measurement, std::string_view name) {
    const Figure* figure = measurement.figure(name);
    return figure == nullptr ? "" : quantity(figure->median(), figure->unit);
}

std::string span_text(const Measurement& measurement, std::string_view name) {
    const Figure* figure = measurement.figure(name);
    return figure == nullptr ? "" : figure_text(*figure);
}

std::string ratio_cell(const Measurement& measurement, std::string_view figure) {
    std::string text;
    for (const PeerRatio& ratio : measurement.ratios) {
        if (ratio.figure == figure)
            text += (text.empty() ? "" : ", ") + ratio.peer + " " + ratio_text(ratio.ratio);
    }
    return text;
}

std::string percentile_plot(const Group& group, const Colours& colours) {
    std::vector<Series> all = series_of(group, colours);
    for (const Measurement* one : group.measurements) {
        Series& series = series_named(all, one->subject);
        for (size_t i = 0; i < std::size(kPercentiles); ++i) {
            if (const Figure* figure = one->figure(kPercentiles[i]))
                series.points.push_back(
                    {static_cast<double>(i), figure->median(),
                     one->subject + " " + kPercentileNames[i] + ": " + figure_text(*figure)});
        }
    }
    const LinePlot plot{"latency of " + group.title,
                        named_axis("share of queries", kPercentileNames),
                        log_axis("latency", "ns", values_of(all, &PlotPoint::y)), all};
    return svg_of(plot) + legend_of(all);
}

std::string bars(const Group& group, const Colours& colours, std::string_view figure,
                 const std::string& label) {
    std::vector<Series> all = series_of(group, colours);
    std::string unit;
    for (const Measurement* one : group.measurements) {
        const Figure* found = one->figure(figure);
        unit = found == nullptr ? unit : found->unit;
        series_named(all, one->subject)
            .points.push_back({0, found == nullptr ? 0 : found->median(), ""});
    }
    return svg_of(BarPlot{label + " of " + group.title, unit, {label}, all});
}

} // namespace

std::string headline_of(const BenchRun& run) {
    Table table({"who", "data and filter", "recall", "queries a second", "p50", "p99",
                 "ours in throughput, over", "ours in median latency, over"});
    for (const Group& group : groups_of(
             run, "ann.search", {"element", "isa", "build_threads", "m", "ef_construction", "k"})) {
        for (const Measurement* one : group.measurements)
            table.row({one->subject, group.title, median_text(*one, "recall"),
                       span_text(*one, "throughput"), median_text(*one, "latency_p50"),
                       median_text(*one, "latency_p99"), ratio_cell(*one, "throughput"),
                       ratio_cell(*one, "latency_p50")},
                      !one->peer);
    }
    return table.empty() ? "" : block("At equal recall", table.html(), run);
}

std::string curves_of(const BenchRun& run, const Colours& colours) {
    std::string out;
    for (const Group& group : groups_of(run, "ann.curve", {"ef"})) {
        std::vector<Series> all = series_of(group, colours);
        for (const Measurement* one : group.measurements) {
            const Figure* recall = one->figure("recall");
            const Figure* throughput = one->figure("throughput");
            if (recall == nullptr || throughput == nullptr)
                continue;
            series_named(all, one->subject)
                .points.push_back({recall->median(), throughput->median(),
                                   one->subject + ", ef " + one->text_of("ef") + ": recall " +
                                       quantity(recall->median(), "share") + ", " +
                                       figure_text(*throughput)});
        }
        const LinePlot plot{"recall against throughput of " + group.title,
                            linear_axis("recall", "share", values_of(all, &PlotPoint::x)),
                            log_axis("queries a second", "", values_of(all, &PlotPoint::y)), all};
        out += block(group.title, svg_of(plot) + legend_of(all), run, group.parameters);
    }
    return out;
}

std::string latencies_of(const BenchRun& run, const Colours& colours) {
    std::string out;
    Table table({"who", "data and filter", "p50", "p90", "p99", "p99.9", "max"});
    for (const Group& group : groups_of(run, "ann.search", {})) {
        out += block(group.title, percentile_plot(group, colours), run, group.parameters);
        for (const Measurement* one : group.measurements) {
            std::vector<std::string> cells = {one->subject, group.title};
            for (const char* percentile : kPercentiles)
                cells.push_back(span_text(*one, percentile));
            table.row(std::move(cells), !one->peer);
        }
    }
    return table.empty() ? "" : out + block("Latencies of one query", table.html(), run);
}

std::string builds_of(const BenchRun& run, const Colours& colours) {
    std::string out;
    Table table({"who", "data", "build", "reload", "hot bytes a row", "cold bytes a row",
                 "process grew by", "ours in build time, over", "ours in hot memory, over"});
    for (const Group& group : groups_of(run, "ann.build", {})) {
        std::string content;
        content += bars(group, colours, "time", "build time");
        content += bars(group, colours, "hot_bytes_per_row", "hot bytes/row");
        std::vector<Series> all = series_of(group, colours);
        out += block(group.title, content + legend_of(all), run, group.parameters);
        for (const Measurement* one : group.measurements)
            table.row(
                {one->subject + ": " + one->description, group.title, median_text(*one, "time"),
                 median_text(*one, "reload_time"), median_text(*one, "hot_bytes_per_row"),
                 median_text(*one, "cold_bytes_per_row"), median_text(*one, "resident_growth"),
                 ratio_cell(*one, "time"), ratio_cell(*one, "hot_bytes_per_row")},
                !one->peer);
    }
    return table.empty() ? "" : out + block("Build and memory", table.html(), run);
}

} // namespace vexfs
