// SPDX-License-Identifier: Apache-2.0
//
// Recall against speed: the points of a sweep, and what lies between them.
//
// Threads: pure.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace vexfs {

// One effort of one contender.
struct Point {
    uint32_t effort = 0;
    double recall = 0;
    std::vector<double> round_qps; // one per round, single client
    uint64_t p50_ns = 0;           // of the fastest round
    uint64_t p99_ns = 0;

    [[nodiscard]] double best_qps() const;
};

// The figures at a wanted recall. Between two points of the sweep the logarithm of each figure is
// taken to be linear in the recall. If the smallest effort is already better than wanted, its own
// figures stand, with its own recall.
struct AtRecall {
    double wanted = 0;
    double recall = 0;
    double effort = 0;
    double qps = 0;
    double p50_ns = 0;
    double p99_ns = 0;
    std::vector<double> round_qps;
};

// Nothing if no point reaches the recall.
std::optional<AtRecall> at_recall(std::span<const Point> points, double wanted);

// The value that `percent` of the samples do not exceed; at least one sample. Reorders them.
uint64_t percentile(std::span<uint64_t> samples, double percent);

} // namespace vexfs
