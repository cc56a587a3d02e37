// SPDX-License-Identifier: Apache-2.0
//
// Runs sweeps.
//
// Threads: one thread.
#include "bench/ann/sweep.h"

#include <algorithm>
#include <chrono>
#include <numeric>

#include "bench/ann/tune.h"

namespace vexfs {
namespace {

using Clock = std::chrono::steady_clock;

uint64_t nanoseconds(Clock::duration elapsed) {
    return static_cast<uint64_t>(
        std::chrono::duration_cast<std::chrono::nanoseconds>(elapsed).count());
}

// What rounds use again.
struct Rounds {
    Counters counters;
    std::vector<uint64_t> latencies;
    std::vector<index::Neighbor> answers;
};

// One timed pass over the queries at the point's effort.
Status time_round(Contender& contender, const SweepPlan& plan, Point& point, Rounds& rounds) {
    std::vector<uint64_t>& latencies = rounds.latencies;
    latencies.clear();
    const bool timed =
        VEXFS_TRY(contender.timed_searches(plan.queries, plan.k, point.effort, latencies));
    if (timed) {
        const uint64_t ns = std::accumulate(latencies.begin(), latencies.end(), uint64_t{1});
        point.round_qps.push_back(static_cast<double>(latencies.size()) * 1e9 /
                                  static_cast<double>(ns));
        point.round_latency.push_back(latency_of(latencies));
        return ok();
    }
    rounds.counters.start();
    const Clock::time_point start = Clock::now();
    Clock::time_point before = start;
    for (uint32_t query : plan.queries) {
        VEXFS_TRY_VOID(contender.search(query, plan.k, point.effort, rounds.answers));
        const Clock::time_point after = Clock::now();
        latencies.push_back(nanoseconds(after - before));
        before = after;
    }
    point.round_counts.push_back(rounds.counters.stop());
    const double seconds = static_cast<double>(nanoseconds(before - start)) / 1e9;
    const double qps = static_cast<double>(plan.queries.size()) / seconds;
    point.round_qps.push_back(qps);
    point.round_latency.push_back(latency_of(latencies));
    return ok();
}

Result<std::vector<Point>> find_recalls(Contender& contender, const Judge& judge,
                                        const SweepPlan& plan) {
    if (!contender.own_efforts().empty())
        return tune(contender, judge, plan);
    std::vector<Point> points;
    const uint32_t smallest = contender.smallest_effort(plan.k);
    for (uint32_t effort : plan.efforts) {
        Point point;
        point.effort = std::max(effort, smallest);
        if (!points.empty() && points.back().effort == point.effort)
            continue;
        point.recall = VEXFS_TRY(measure_recall(contender, judge, plan, point.effort));
        points.push_back(point);
        if (point.recall >= plan.last_recall)
            break;
    }
    return points;
}

} // namespace

uint32_t Judge::expected(size_t query, uint32_t k) const {
    const std::span<const uint32_t> rows = truth_.of(query).first(k);
    return static_cast<uint32_t>(std::find(rows.begin(), rows.end(), kNoRow) - rows.begin());
}

uint32_t Judge::found(size_t query, uint32_t k, std::span<const index::Neighbor> answers) const {
    std::vector<uint32_t> rows;
    for (const index::Neighbor& answer : answers.first(std::min<size_t>(k, answers.size()))) {
        if (allowed_ == nullptr || allowed_->contains(answer.slot))
            rows.push_back(answer.slot);
    }
    return count_found(distance_, truth_, query, k, rows);
}

Result<double> measure_recall(Contender& contender, const Judge& judge, const SweepPlan& plan,
                              uint32_t effort) {
    uint64_t expected = 0;
    uint64_t found = 0;
    std::vector<index::Neighbor> answers;
    for (uint32_t query : plan.queries) {
        VEXFS_TRY_VOID(contender.search(query, plan.k, effort, answers));
        expected += judge.expected(query, plan.k);
        found += judge.found(query, plan.k, answers);
    }
    return expected == 0 ? 1.0 : static_cast<double>(found) / static_cast<double>(expected);
}

Result<std::vector<std::vector<Point>>> sweep(std::span<Contender* const> contenders,
                                              const Judge& judge, const SweepPlan& plan) {
    std::vector<std::vector<Point>> series;
    size_t longest = 0;
    for (Contender* contender : contenders) {
        series.push_back(VEXFS_TRY(find_recalls(*contender, judge, plan)));
        longest = std::max(longest, series.back().size());
    }
    Rounds rounds;
    for (uint32_t round = 0; round < plan.rounds; ++round) {
        for (size_t i = 0; i < longest; ++i) {
            for (size_t c = 0; c < contenders.size(); ++c) {
                if (i < series[c].size())
                    VEXFS_TRY_VOID(time_round(*contenders[c], plan, series[c][i], rounds));
            }
        }
    }
    return series;
}

} // namespace vexfs
