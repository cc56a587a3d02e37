// SPDX-License-Identifier: Apache-2.0
//
// Axes: what they span, and round numbers for their ticks.
//
// Threads: pure.
#include <algorithm>
#include <cmath>
#include <cstdio>

#include "bench/report/html.h"
#include "bench/report/plot.h"

namespace vexfs {
namespace {

constexpr double kTicksWanted = 5;

// 1, 2 or 5 times a power of ten, at least `least`.
double round_step(double least) {
    const double power = std::pow(10, std::floor(std::log10(least)));
    for (const double factor : {1.0, 2.0, 5.0}) {
        if (factor * power >= least * (1 - 1e-9))
            return factor * power;
    }
    return 10 * power;
}

} // namespace

double Axis::place(double value) const {
    if (high <= low)
        return 0.5;
    const double part = logarithmic ? std::log(std::max(value, low) / low) / std::log(high / low)
                                    : (value - low) / (high - low);
    return std::clamp(part, 0.0, 1.0);
}

Axis linear_axis(std::string label, std::string_view unit, const std::vector<double>& values) {
    Axis axis;
    axis.label = std::move(label);
    if (values.empty())
        return axis;
    const auto [low, high] = std::minmax_element(values.begin(), values.end());
    const double span = *high > *low ? *high - *low : std::max(std::abs(*high) * 0.1, 1e-3);
    const double step = round_step(span / kTicksWanted);
    axis.low = std::floor(*low / step) * step;
    axis.high = std::max(std::ceil(*high / step - 1e-9) * step, axis.low + step);
    if (unit == "share" && *high <= 1 && axis.high > 1) { // there is no recall beyond it
        axis.low -= axis.high - 1;
        axis.high = 1;
    }
    const auto steps = std::lround((axis.high - axis.low) / step);
    for (long i = 0; i <= steps; ++i) {
        const double at = axis.low + static_cast<double>(i) * step;
        // Recalls close to 1 differ in their last digits.
        char share[40];
        std::snprintf(share, sizeof share, "%.6g", at);
        axis.ticks.push_back({at, unit == "share" ? share : quantity(at, unit)});
    }
    return axis;
}

Axis log_axis(std::string label, std::string_view unit, const std::vector<double>& values) {
    Axis axis;
    axis.label = std::move(label);
    axis.logarithmic = true;
    std::vector<double> positive;
    std::copy_if(values.begin(), values.end(), std::back_inserter(positive),
                 [](double value) { return value > 0; });
    if (positive.empty()) {
        axis.low = 1;
        axis.high = 10;
        return axis;
    }
    const auto [least, most] = std::minmax_element(positive.begin(), positive.end());
    axis.low = *least / 1.15;
    axis.high = *most * 1.15;
    const double decades = std::log10(axis.high / axis.low);
    const int last = static_cast<int>(std::floor(std::log10(axis.high)));
    for (int power = static_cast<int>(std::floor(std::log10(axis.low))); power <= last; ++power) {
        for (const double factor : {1.0, 2.0, 5.0}) {
            const double at = factor * std::pow(10, power);
            const bool wanted = factor == 1.0 || decades <= 2.2;
            if (wanted && at >= axis.low && at <= axis.high)
                axis.ticks.push_back({at, quantity(at, unit)});
        }
    }
    return axis;
}

Axis named_axis(std::string label, const std::vector<std::string>& names) {
    Axis axis;
    axis.label = std::move(label);
    axis.low = -0.25;
    axis.high = static_cast<double>(names.size()) - 0.75;
    for (size_t i = 0; i < names.size(); ++i)
        axis.ticks.push_back({static_cast<double>(i), names[i]});
    return axis;
}

} // namespace vexfs
