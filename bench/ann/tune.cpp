// SPDX-License-Identifier: Apache-2.0
//
// Climbs ladders of efforts.
//
// Threads: one thread.
#include "bench/ann/tune.h"

#include <algorithm>
#include <chrono>

namespace vexfs {
namespace {

using Clock = std::chrono::steady_clock;

uint64_t nanoseconds_since(Clock::time_point start) {
    return static_cast<uint64_t>(
        std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - start).count());
}

// A step of a ladder that gains less than this is its last.
constexpr double kGainMin = 0.0005;

} // namespace

std::vector<Point> frontier(std::vector<Tried> tried, double last_recall) {
    std::sort(tried.begin(), tried.end(),
              [](const Tried& a, const Tried& b) { return a.ns < b.ns; });
    std::vector<Point> points;
    for (Tried& one : tried) {
        if (!points.empty() && one.point.recall <= points.back().recall)
            continue;
        points.push_back(std::move(one.point));
        if (points.back().recall >= last_recall)
            break;
    }
    return points;
}

Result<std::vector<Point>> tune(Contender& contender, const Judge& judge, const SweepPlan& plan) {
    std::vector<Tried> tried;
    bool reached = false;
    for (const std::vector<uint32_t>& ladder : contender.own_efforts()) {
        const bool last = reached;
        double before = -1;
        for (const uint32_t effort : ladder) {
            const Clock::time_point start = Clock::now();
            Point point;
            point.effort = effort;
            point.words = contender.words_of(effort);
            point.recall = VEXFS_TRY(measure_recall(contender, judge, plan, effort));
            const double gain = point.recall - before;
            before = point.recall;
            tried.push_back({std::move(point), nanoseconds_since(start)});
            reached = reached || before >= plan.last_recall;
            if (before >= plan.last_recall || gain < kGainMin)
                break;
        }
        if (last)
            break;
    }
    return frontier(std::move(tried), plan.last_recall);
}

} // namespace vexfs
