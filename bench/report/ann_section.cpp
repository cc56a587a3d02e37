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

// A line of each subject, a point of each effort.
std::vector<Series> curves(const Group& group, const Colours& colours, std::string_view figure) {
    std::vector<Series> all = series_of(group, colours);
    for (const Measurement* one : group.measurements) {
        const Figure* recall = one->figure("recall");
        const Figure* value = one->figure(figure);
        if (recall == nullptr || value == nullptr)
            continue;
        series_named(all, one->subject)
            .points.push_back({recall->median(), value->median(),
                               one->subject + ", ef " + one->text_of("ef") + ": recall " +
                                   quantity(recall->median(), "share") + ", " +
                                   figure_text(*value)});
    }
    for (Series& series : all)
        std::stable_sort(series.points.begin(), series.points.end(),
                         [](const PlotPoint& a, const PlotPoint& b) { return a.x < b.x; });
    return all;
}

void add_bar(const Group& group, const Colours& colours, std::string_view figure,
             const std::string& label, std::string& out) {
    const Figure* first = group.measurements.front()->figure(figure);
    Bars bars(label + " of " + group.title, first == nullptr ? "" : first->unit);
    for (const Measurement* one : group.measurements) {
        if (const Figure* found = one->figure(figure))
            bars.add(label, one->subject, colours.of(one->subject), found->median());
    }
    if (!bars.empty())
        out += bars.svg();
}

// "1", "2", "8": as many as there are measurements of.
std::vector<std::string> client_counts(const Group& group) {
    std::vector<double> counts;
    for (const Measurement* one : group.measurements)
        counts.push_back(one->parameter("clients")->number());
    std::sort(counts.begin(), counts.end());
    counts.erase(std::unique(counts.begin(), counts.end()), counts.end());
    std::vector<std::string> names;
    for (const double count : counts)
        names.push_back(number_text(count));
    return names;
}

std::string clients_plot(const Group& group, const Colours& colours) {
    const std::vector<std::string> counts = client_counts(group);
    std::vector<Series> all = series_of(group, colours);
    for (const Measurement* one : group.measurements) {
        const Figure* throughput = one->figure("throughput");
        const auto at = std::find(counts.begin(), counts.end(), one->text_of("clients"));
        if (throughput != nullptr && at != counts.end())
            series_named(all, one->subject)
                .points.push_back(
                    {static_cast<double>(at - counts.begin()), throughput->median(),
                     one->subject + ", " + *at + " clients: " + figure_text(*throughput)});
    }
    return svg_of(LinePlot{"throughput of clients, " + group.title, named_axis("clients", counts),
                           log_axis("queries a second", "", values_of(all, &PlotPoint::y)), all}) +
           legend_of(all);
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

LinePlot curve_plot(const Group& group, const Colours& colours) {
    const std::vector<Series> all = curves(group, colours, "throughput");
    return {"recall against throughput of " + group.title,
            linear_axis("recall", "share", values_of(all, &PlotPoint::x)),
            log_axis("queries a second", "", values_of(all, &PlotPoint::y)), all};
}

LinePlot latency_curve_plot(const Group& group, const Colours& colours) {
    const std::vector<Series> all = curves(group, colours, "latency_p50");
    return {"median time of one search, " + group.title,
            linear_axis("recall", "share", values_of(all, &PlotPoint::x)),
            log_axis("median time", "ns", values_of(all, &PlotPoint::y)), all};
}

std::string curves_of(const BenchRun& run, const Colours& colours) {
    std::string out;
    for (const Group& group : groups_of(run, "ann.curve", {"ef"})) {
        const LinePlot plot = curve_plot(group, colours);
        out += block(group.title, svg_of(plot) + legend_of(plot.series), run, group.parameters);
    }
    return out;
}

std::string clients_of(const BenchRun& run, const Colours& colours) {
    std::string out;
    Table table({"who", "data and filter", "clients", "recall", "queries a second", "p50", "p99",
                 "ours in throughput, over"});
    for (const Group& group : groups_of(run, "ann.clients", {"clients"})) {
        out += block(group.title, clients_plot(group, colours), run, group.parameters);
        for (const Measurement* one : group.measurements)
            table.row({one->subject, group.title, one->text_of("clients"),
                       median_text(*one, "recall"), span_text(*one, "throughput"),
                       median_text(*one, "latency_p50"), median_text(*one, "latency_p99"),
                       ratio_cell(*one, "throughput")},
                      !one->peer);
    }
    return table.empty() ? "" : out + block("Searches at once", table.html(), run);
}

std::string latencies_of(const BenchRun& run, const Colours& colours) {
    std::string out;
    Table table({"who", "data and filter", "p50", "p90", "p99", "p99.9", "max"});
    for (const Group& group : groups_of(run, "ann.search", {})) {
        // Filters have a plot of recall each, and here a line of the table.
        if (group.measurements.front()->text_of("filter") != "random")
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
                 "process grew by", "PSS grew by", "peak", "in a file, a row",
                 "ours in build time, over", "ours in hot memory, over"});
    for (const Group& group : groups_of(run, "ann.build", {})) {
        std::string content;
        add_bar(group, colours, "time", "build time", content);
        add_bar(group, colours, "hot_bytes_per_row", "hot bytes/row", content);
        add_bar(group, colours, "file_bytes_per_row", "file bytes/row", content);
        out += block(group.title, content + legend_of(series_of(group, colours)), run,
                     group.parameters);
        for (const Measurement* one : group.measurements) {
            std::vector<std::string> cells = {one->subject + ": " + one->description, group.title};
            for (const char* figure :
                 {"time", "reload_time", "hot_bytes_per_row", "cold_bytes_per_row",
                  "resident_growth", "pss_growth", "peak_growth", "file_bytes_per_row"})
                cells.push_back(median_text(*one, figure));
            cells.push_back(ratio_cell(*one, "time"));
            cells.push_back(ratio_cell(*one, "hot_bytes_per_row"));
            table.row(std::move(cells), !one->peer);
        }
    }
    return table.empty() ? "" : out + block("Build and memory", table.html(), run);
}

} // namespace vexfs
