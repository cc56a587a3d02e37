// SPDX-License-Identifier: Apache-2.0
//
// Interpolation on recall curves.
//
// Threads: pure.
#include "bench/ann/curve.h"

#include <algorithm>
#include <cmath>

namespace vexfs {
namespace {

double between(double a, double b, double part) {
    return a > 0 && b > 0 ? std::exp(std::log(a) * (1 - part) + std::log(b) * part)
                          : a * (1 - part) + b * part;
}

Latency between(const Latency& a, const Latency& b, double part) {
    const auto at = [&](uint64_t Latency::*member) {
        return static_cast<uint64_t>(std::llround(
            between(static_cast<double>(a.*member), static_cast<double>(b.*member), part)));
    };
    return {at(&Latency::p50_ns), at(&Latency::p90_ns), at(&Latency::p99_ns), at(&Latency::p999_ns),
            at(&Latency::max_ns)};
}

AtRecall exactly(const Point& point, double wanted) {
    return {wanted,
            point.recall,
            static_cast<double>(point.effort),
            point.best_qps(),
            static_cast<double>(point.best_latency().p50_ns),
            static_cast<double>(point.best_latency().p99_ns),
            point.round_qps,
            point.round_latency,
            point.words};
}

AtRecall interpolated(const Point& below, const Point& above, double wanted) {
    const double part = (wanted - below.recall) / (above.recall - below.recall);
    const AtRecall low = exactly(below, wanted);
    const AtRecall high = exactly(above, wanted);
    AtRecall at{wanted,
                wanted,
                between(low.effort, high.effort, part),
                between(low.qps, high.qps, part),
                between(low.p50_ns, high.p50_ns, part),
                between(low.p99_ns, high.p99_ns, part),
                {},
                {},
                high.words};
    for (size_t i = 0; i < low.round_qps.size(); ++i)
        at.round_qps.push_back(between(low.round_qps[i], high.round_qps[i], part));
    for (size_t i = 0; i < low.round_latency.size(); ++i)
        at.round_latency.push_back(between(low.round_latency[i], high.round_latency[i], part));
    return at;
}

} // namespace

double Point::best_qps() const {
    return round_qps.empty() ? 0 : *std::max_element(round_qps.begin(), round_qps.end());
}

Latency Point::best_latency() const {
    const auto best = std::max_element(round_qps.begin(), round_qps.end());
    const auto round = static_cast<size_t>(best - round_qps.begin());
    return round < round_latency.size() ? round_latency[round] : Latency{};
}

std::optional<AtRecall> at_recall(std::span<const Point> points, double wanted) {
    // The fewest efforts first: the first point that reaches the recall is the cheapest that does.
    for (size_t i = 0; i < points.size(); ++i) {
        if (points[i].recall < wanted)
            continue;
        return i == 0 ? exactly(points[0], wanted) : interpolated(points[i - 1], points[i], wanted);
    }
    return std::nullopt;
}

} // namespace vexfs
