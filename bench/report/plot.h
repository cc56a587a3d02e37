// SPDX-License-Identifier: Apache-2.0
//
// Plots as SVG that stands in the page: lines over two axes, and bars.
//
// Colours come from the page's style sheet by class (c0, c1, ...), so that dark and light are the
// style sheet's business. Lines also differ by dash and marker, for eyes and printers without
// colour. A point tells its values when it is pointed at, without any script.
//
// Threads: pure functions on values.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace vexfs {

constexpr size_t kColours = 6;

struct Tick {
    double at = 0;
    std::string label;
};

struct Axis {
    std::string label;
    double low = 0;
    double high = 1;
    bool logarithmic = false;
    std::vector<Tick> ticks;

    // 0 at the low end, 1 at the high one.
    [[nodiscard]] double place(double value) const;
};

// Axes that hold all of the values, with ticks at round numbers. `unit` is that of a figure.
Axis linear_axis(std::string label, std::string_view unit, const std::vector<double>& values);
// Values that are not positive are left out.
Axis log_axis(std::string label, std::string_view unit, const std::vector<double>& values);
// One place for each name, at 0, 1, 2 ...
Axis named_axis(std::string label, const std::vector<std::string>& names);

struct PlotPoint {
    double x = 0;
    double y = 0;
    std::string words; // told when it is pointed at
};

struct Series {
    std::string name;
    size_t colour = 0;
    std::vector<PlotPoint> points;
};

struct LinePlot {
    std::string title; // for those who do not see the picture
    Axis x;
    Axis y;
    std::vector<Series> series;
};

std::string svg_of(const LinePlot& plot);

// A picture that is a file of its own, with title, legend and style.
std::string picture_of(const LinePlot& plot);

// For each group a bar of each series, as long as its part of the longest of the group; a value of
// 0 or less has no bar.
struct BarPlot {
    std::string title;
    std::string unit;
    std::vector<std::string> groups;
    std::vector<Series> series; // points[i].y belongs to groups[i]
};

std::string svg_of(const BarPlot& plot);

// Which colour and marker is whose.
std::string legend_of(const std::vector<Series>& series);

} // namespace vexfs
