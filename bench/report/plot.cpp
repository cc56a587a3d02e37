// SPDX-License-Identifier: Apache-2.0
//
// Draws. The picture is 400 units wide, about what a phone shows, so that its letters stay
// readable there; the page lets it grow on wider screens.
//
// Threads: pure.
#include "bench/report/plot.h"

#include <algorithm>
#include <cstdio>

#include "bench/report/html.h"
#include "bench/report/style.h"

namespace vexfs {
namespace {

constexpr double kWidth = 400;
constexpr double kHeight = 260;
constexpr double kLeft = 76;
constexpr double kRight = 12;
constexpr double kTop = 12;
constexpr double kBottom = 40;

constexpr double kBarHeight = 11;
constexpr double kGroupGap = 9;
constexpr double kBarLeft = 96;
constexpr double kBarRight = 78;

template <typename... Values>
std::string format(const char* pattern, Values... values) {
    char text[256];
    std::snprintf(text, sizeof text, pattern, values...);
    return text;
}

std::string class_of(size_t colour) {
    return "c" + std::to_string(colour % kColours);
}

double across(const Axis& axis, double value) {
    return kLeft + axis.place(value) * (kWidth - kLeft - kRight);
}

double down(const Axis& axis, double value) {
    return kHeight - kBottom - axis.place(value) * (kHeight - kTop - kBottom);
}

// Circle, square, triangle, diamond, by colour.
std::string marker(size_t colour, double x, double y, const std::string& words) {
    const std::string opening = " class=\"mark " + class_of(colour) + "\"";
    const std::string told = words.empty() ? "/>" : "><title>" + escaped(words) + "</title></";
    std::string shape;
    const char* name = "path";
    switch (colour % 4) {
    case 0:
        name = "circle";
        shape = format("<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3\"", x, y);
        break;
    case 1:
        name = "rect";
        shape =
            format("<rect x=\"%.1f\" y=\"%.1f\" width=\"5.4\" height=\"5.4\"", x - 2.7, y - 2.7);
        break;
    case 2:
        shape = format("<path d=\"M%.1f %.1f l3.6 6 h-7.2 z\"", x, y - 3.6);
        break;
    default:
        shape = format("<path d=\"M%.1f %.1f l3.6 3.6 l-3.6 3.6 l-3.6 -3.6 z\"", x, y - 3.6);
    }
    return shape + opening + told + (words.empty() ? "" : std::string(name) + ">");
}

std::string opening_of(const std::string& title, double height) {
    return format("<svg viewBox=\"0 0 %.0f %.0f\" role=\"img\" "
                  "xmlns=\"http://www.w3.org/2000/svg\">\n",
                  kWidth, height) +
           "<title>" + escaped(title) + "</title>\n";
}

// Labels that would touch the one before them are left out; the line stays.
std::string axes_of(const LinePlot& plot) {
    std::string out;
    const double floor = kHeight - kBottom;
    for (const Tick& tick : plot.y.ticks) {
        const double y = down(plot.y, tick.at);
        out += format("<line class=\"grid\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>\n",
                      kLeft, y, kWidth - kRight, y);
        out += format("<text class=\"end\" x=\"%.1f\" y=\"%.1f\">", kLeft - 6, y + 3.5) +
               escaped(tick.label) + "</text>\n";
    }
    double free_from = 0;
    for (const Tick& tick : plot.x.ticks) {
        const double x = across(plot.x, tick.at);
        out += format("<line class=\"grid\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>\n", x,
                      kTop, x, floor);
        const double half = 3.2 * static_cast<double>(tick.label.size());
        if (x - half < free_from)
            continue;
        free_from = x + half + 4;
        out += format("<text class=\"middle\" x=\"%.1f\" y=\"%.1f\">", std::min(x, kWidth - half),
                      floor + 15) +
               escaped(tick.label) + "</text>\n";
    }
    out += format("<text class=\"middle name\" x=\"%.1f\" y=\"%.1f\">",
                  (kLeft + kWidth - kRight) / 2, kHeight - 6) +
           escaped(plot.x.label) + "</text>\n";
    const double middle = (kTop + floor) / 2;
    out += format("<text class=\"middle name\" transform=\"rotate(-90 10 %.1f)\" x=\"10\" "
                  "y=\"%.1f\">",
                  middle, middle) +
           escaped(plot.y.label) + "</text>\n";
    return out;
}

std::string line_of(const LinePlot& plot, const Series& series) {
    std::string line;
    std::string marks;
    for (const PlotPoint& point : series.points) {
        const double x = across(plot.x, point.x);
        const double y = down(plot.y, point.y);
        line += format("%s%.1f,%.1f", line.empty() ? "" : " ", x, y);
        marks += marker(series.colour, x, y, point.words) + "\n";
    }
    return "<g class=\"series\" aria-label=\"" + escaped(series.name) + "\">\n<polyline class=\"" +
           class_of(series.colour) + "\" points=\"" + line + "\"/>\n" + marks + "</g>\n";
}

double longest_of(const BarPlot& plot, size_t group) {
    double longest = 0;
    for (const Series& series : plot.series) {
        if (group < series.points.size())
            longest = std::max(longest, series.points[group].y);
    }
    return longest;
}

} // namespace

std::string svg_of(const LinePlot& plot) {
    std::string out = opening_of(plot.title, kHeight) + axes_of(plot);
    // The first series is ours: it is drawn last, over the others.
    for (size_t i = plot.series.size(); i > 0; --i)
        out += line_of(plot, plot.series[i - 1]);
    return out + "</svg>\n";
}

std::string svg_of(const BarPlot& plot) {
    const double group = kBarHeight * static_cast<double>(plot.series.size()) + kGroupGap;
    const double room = kWidth - kBarLeft - kBarRight;
    std::string out =
        opening_of(plot.title, group * static_cast<double>(plot.groups.size()) + kGroupGap);
    for (size_t g = 0; g < plot.groups.size(); ++g) {
        const double top = kGroupGap + static_cast<double>(g) * group;
        out += format("<text class=\"end\" x=\"%.1f\" y=\"%.1f\">", kBarLeft - 6,
                      top + (group - kGroupGap) / 2 + 3.5) +
               escaped(plot.groups[g]) + "</text>\n";
        const double longest = longest_of(plot, g);
        for (size_t s = 0; s < plot.series.size(); ++s) {
            const Series& series = plot.series[s];
            if (g >= series.points.size() || series.points[g].y <= 0)
                continue;
            const double y = top + static_cast<double>(s) * kBarHeight;
            const double length = std::max(1.0, room * series.points[g].y / longest);
            out += format("<rect class=\"bar %s\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" "
                          "height=\"%.1f\"/>",
                          class_of(series.colour).c_str(), kBarLeft, y, length, kBarHeight - 2) +
                   format("<text class=\"small\" x=\"%.1f\" y=\"%.1f\">", kBarLeft + length + 4,
                          y + kBarHeight - 3) +
                   escaped(quantity(series.points[g].y, plot.unit)) + "</text>\n";
        }
    }
    return out + "</svg>\n";
}

std::string legend_of(const std::vector<Series>& series) {
    std::string out = "<p class=\"legend\">";
    for (const Series& one : series)
        out += "<span><svg class=\"key\" viewBox=\"0 0 22 10\" aria-hidden=\"true\">"
               "<polyline class=\"" +
               class_of(one.colour) + "\" points=\"0,5 22,5\"/>" + marker(one.colour, 11, 5, "") +
               "</svg> " + escaped(one.name) + "</span> ";
    return out + "</p>\n";
}

// The plot stands between a line of title and lines of legend.
std::string picture_of(const LinePlot& plot) {
    constexpr double kTitle = 26;
    constexpr double kLine = 18;
    constexpr double kKey = 26;
    constexpr double kLetter = 6.4;
    std::string legend;
    double x = kTop;
    double y = kTitle + kHeight + kLine;
    for (const Series& one : plot.series) {
        const double width = kKey + kLetter * static_cast<double>(one.name.size()) + kTop;
        if (x > kTop && x + width > kWidth) {
            x = kTop;
            y += kLine;
        }
        legend += "<polyline class=\"" + class_of(one.colour) + "\"" +
                  format(" points=\"%.1f,%.1f %.1f,%.1f\"/>", x, y - 4, x + kKey - 4, y - 4) +
                  marker(one.colour, x + kKey / 2 - 2, y - 4, "") +
                  format("<text x=\"%.1f\" y=\"%.1f\">", x + kKey, y) + escaped(one.name) +
                  "</text>\n";
        x += width;
    }
    const double height = y + kTop;
    std::string inner = svg_of(plot);
    constexpr std::string_view kOpening = "<svg ";
    inner.insert(kOpening.size(),
                 format("y=\"%.0f\" width=\"%.0f\" height=\"%.0f\" ", kTitle, kWidth, kHeight));
    return format("<svg viewBox=\"0 0 %.0f %.0f\" width=\"%.0f\" height=\"%.0f\" "
                  "xmlns=\"http://www.w3.org/2000/svg\">\n",
                  kWidth, height, 2 * kWidth, 2 * height) +
           "<style>" + kPalette + kPlotStyle + "</style>\n" +
           format("<rect width=\"%.0f\" height=\"%.0f\" fill=\"var(--page)\"/>\n", kWidth, height) +
           format("<text class=\"%s\" x=\"%.1f\" y=\"18\">",
                  plot.title.size() > 60 ? "small" : "title", kTop) +
           escaped(plot.title) + "</text>\n" + inner + legend + "</svg>\n";
}

} // namespace vexfs
