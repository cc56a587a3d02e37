// SPDX-License-Identifier: Apache-2.0
//
// Recall against speed: the points of a sweep, and what lies between them.
//
// Threads: pure.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "bench/machine/counters.h"
#include "bench/result/latency.h"

namespace vexfs {

// One effort of one contender.
struct Point {
    uint32_t effort = 0;
    double recall = 0;
    std::vector<double> round_qps; // one per round, single client
    std::vector<Latency> round_latency;
    std::vector<Counts> round_counts{}; // of a round, all queries together
    std::string words{};                // the effort, if it is more than one number

    [[nodiscard]] double best_qps() const;
    [[nodiscard]] Latency best_latency() const; // of the round with best_qps()
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
    std::vector<Latency> round_latency;
    std::string words{}; // the effort of the point that reaches the recall, as Point has it
};

// Nothing if no point reaches the recall.
std::optional<AtRecall> at_recall(std::span<const Point> points, double wanted);

} // namespace vexfs
