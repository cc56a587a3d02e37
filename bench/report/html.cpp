// SPDX-License-Identifier: Apache-2.0
#include "bench/report/html.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace vexfs {
namespace {

std::string with_commas(double value) {
    char digits[40];
    std::snprintf(digits, sizeof digits, "%.0f", value);
    std::string text = digits;
    const size_t first = text[0] == '-' ? 1 : 0;
    for (size_t at = text.size(); at > first + 3;) {
        at -= 3;
        text.insert(at, ",");
    }
    return text;
}

struct Step {
    double from;
    const char* unit;
};

// In the largest unit that leaves at least one.
std::string scaled(double value, std::initializer_list<Step> steps) {
    const Step* chosen = steps.begin();
    for (const Step& step : steps) {
        if (std::abs(value) >= step.from)
            chosen = &step;
    }
    return number_text(value / chosen->from) + " " + chosen->unit;
}

} // namespace

std::string escaped(std::string_view text) {
    std::string out;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        switch (c) {
        case '&':
            out += "&amp;";
            break;
        case '<':
            out += "&lt;";
            break;
        case '>':
            out += "&gt;";
            break;
        case '"':
            out += "&quot;";
            break;
        default:
            out += byte < 0x20 && c != '\n' && c != '\t' ? '?' : c;
        }
    }
    return out;
}

std::string number_text(double value) {
    if (!std::isfinite(value))
        return "?";
    if (std::abs(value) >= 999.5)
        return with_commas(value);
    char text[40];
    std::snprintf(text, sizeof text, "%.3g", value);
    return text;
}

std::string quantity(double value, std::string_view unit) {
    if (unit == "ns")
        return scaled(value, {{1, "ns"}, {1e3, "us"}, {1e6, "ms"}, {1e9, "s"}});
    if (unit == "s")
        return scaled(value * 1e3, {{1, "ms"}, {1e3, "s"}});
    if (unit == "bytes")
        return scaled(value, {{1, "bytes"}, {double{1 << 20}, "MiB"}, {double{1 << 30}, "GiB"}});
    if (unit == "share") {
        char text[40];
        std::snprintf(text, sizeof text, "%.2f%%", value * 100);
        return text;
    }
    if (unit == "1/s")
        return number_text(value) + " /s";
    return number_text(value) + (unit == "count" ? std::string() : " " + std::string(unit));
}

std::string ratio_text(const Ratio& ratio) {
    char text[96];
    if (ratio.low == ratio.high)
        std::snprintf(text, sizeof text, "%.2fx", ratio.middle);
    else
        std::snprintf(text, sizeof text, "%.2fx (%.2f..%.2f)", ratio.middle, ratio.low, ratio.high);
    return text;
}

// A unit that is the same in all three stands once, behind them.
std::string figure_text(const Figure& figure) {
    std::string median = quantity(figure.median(), figure.unit);
    if (figure.low() == figure.high())
        return median;
    std::string low = quantity(figure.low(), figure.unit);
    std::string high = quantity(figure.high(), figure.unit);
    const size_t space = median.find(' ');
    const std::string unit = space == std::string::npos ? "" : median.substr(space);
    if (unit.empty() || !low.ends_with(unit) || !high.ends_with(unit))
        return median + " (" + low + " .. " + high + ")";
    low.resize(low.size() - unit.size());
    high.resize(high.size() - unit.size());
    return median.substr(0, space) + " (" + low + ".." + high + ")" + unit;
}

std::string parameters_text(const Measurement& measurement,
                            const std::vector<std::string_view>& without) {
    std::string text;
    for (const Parameter& parameter : measurement.parameters) {
        if (std::find(without.begin(), without.end(), parameter.name()) != without.end())
            continue;
        text += (text.empty() ? "" : ", ") + parameter.name() + " " + parameter.text();
    }
    return text;
}

void Table::row(std::vector<std::string> cells, bool ours) {
    cells.resize(header_.size());
    rows_.push_back({std::move(cells), ours});
}

std::string Table::html() const {
    std::string out = "<div class=\"wide\"><table>\n<thead><tr>";
    for (const std::string& cell : header_)
        out += "<th scope=\"col\">" + escaped(cell) + "</th>";
    out += "</tr></thead>\n<tbody>\n";
    for (const Row& row : rows_) {
        out += row.ours ? "<tr class=\"ours\">" : "<tr>";
        for (const std::string& cell : row.cells)
            out += "<td>" + escaped(cell) + "</td>";
        out += "</tr>\n";
    }
    return out + "</tbody></table></div>\n";
}

} // namespace vexfs
