// SPDX-License-Identifier: Apache-2.0
//
// The sections of the page. Each takes of one run what it knows how to show and leaves the rest to
// tables_of_others(), so that no figure of a file is missing from its page.
//
// Threads: pure functions on values.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "bench/report/plot.h"
#include "bench/result/result_file.h"

namespace vexfs {

// Gives everyone who was measured a colour for the whole page; ours is the first. Indexes and file
// systems never stand beside each other, and have the same colours.
class Colours {
  public:
    explicit Colours(const ResultFile& file);
    [[nodiscard]] size_t of(std::string_view subject) const;

  private:
    std::vector<std::string> indexes_;
    std::vector<std::string> systems_;
};

using Pointers = std::vector<const Measurement*>;

// Measurements of the same thing by different subjects, under all parameters but `without`.
struct Group {
    std::string title;      // title_of() the first
    std::string parameters; // all of them
    Pointers measurements;
};

// Of one benchmark; in the order of the file.
std::vector<Group> groups_of(const BenchRun& run, std::string_view benchmark,
                             const std::vector<std::string_view>& without);

// The parameters of a search that tell one plot from the next: "deep, 10,000 rows of 96, 10%
// allowed (random), at recall 0.95".
std::string title_of(const Measurement& measurement);

// A picture or a table with its heading and the command that measured it, on one line that opens to
// all of it and to the parameters that the heading leaves out.
std::string block(const std::string& heading, const std::string& content, const BenchRun& run,
                  const std::string& parameters = "");

// The median; of span_text() with the span of the rounds. Empty if there is no such figure.
std::string median_text(const Measurement& measurement, std::string_view figure);
std::string span_text(const Measurement& measurement, std::string_view figure);
// "hnswlib 2.11x (2.05..2.30)", of one figure.
std::string ratio_cell(const Measurement& measurement, std::string_view figure);
// "3,000 states, 20 seeds": of reliability.*
std::string tried_text(const Measurement& measurement);

// A plot of bars that is filled value by value.
class Bars {
  public:
    Bars(std::string title, std::string unit) : plot_{std::move(title), std::move(unit), {}, {}} {}

    void add(const std::string& group, const std::string& who, size_t colour, double value);
    [[nodiscard]] bool empty() const { return plot_.groups.empty(); }
    [[nodiscard]] const std::vector<Series>& series() const { return plot_.series; }
    [[nodiscard]] std::string svg() const { return svg_of(plot_); }
    [[nodiscard]] std::string html() const { return svg() + legend_of(plot_.series); }

  private:
    BarPlot plot_;
};

// Recall against throughput, of a group of ann.curve.
LinePlot curve_plot(const Group& group, const Colours& colours);
// Recall against the median time.
LinePlot latency_curve_plot(const Group& group, const Colours& colours);

std::string headline_of(const BenchRun& run);                  // at the wanted recalls
std::string curves_of(const BenchRun& run, const Colours&);    // recall against throughput
std::string clients_of(const BenchRun& run, const Colours&);   // several searches at once
std::string latencies_of(const BenchRun& run, const Colours&); // percentiles
std::string builds_of(const BenchRun& run, const Colours&);    // time and memory
std::string front_ends_of(const BenchRun& run);                // the ways in
std::string file_systems_of(const BenchRun& run, const Colours&);
std::string opens_of(const BenchRun& run);          // until a volume answers
std::string reliability_of(const ResultFile& file); // what the tests tried
std::string tables_of_others(const BenchRun& run);  // every benchmark not shown above

} // namespace vexfs
