// SPDX-License-Identifier: Apache-2.0
//
// Interpolation on recall curves.
//
// Threads: pure.
#include "bench/ann/curve.h"

#include <algorithm>
#include <cmath>

#include "base/assert.h"

namespace vexfs {
namespace {

double between(double a, double b, double part) {
    return a > 0 && b > 0 ? std::exp(std::log(a) * (1 - part) + std::log(b) * part)
                          : a * (1 - part) + b * part;
}

AtRecall exactly(const Point& point, double wanted) {
    return {wanted,
            point.recall,
            static_cast<double>(point.effort),
            point.best_qps(),
            static_cast<double>(point.p50_ns),
            static_cast<double>(point.p99_ns),
            point.round_qps};
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
                {}};
    for (size_t i = 0; i < low.round_qps.size(); ++i)
        at.round_qps.push_back(between(low.round_qps[i], high.round_qps[i], part));
    return at;
}

} // namespace

double Point::best_qps() const {
    return round_qps.empty() ? 0 : *std::max_element(round_qps.begin(), round_qps.end());
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

uint64_t percentile(std::span<uint64_t> samples, double percent) {
    VEXFS_ASSERT(!samples.empty());
    const double rank = std::ceil(percent / 100 * static_cast<double>(samples.size()));
    const auto place =
        static_cast<size_t>(std::clamp(rank, 1.0, static_cast<double>(samples.size())) - 1);
    std::nth_element(samples.begin(), samples.begin() + static_cast<ptrdiff_t>(place),
                     samples.end());
    return samples[place];
}

} // namespace vexfs
