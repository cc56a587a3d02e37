// SPDX-License-Identifier: Apache-2.0
#include "index/planner/plan.h"

#include <algorithm>
#include <cmath>

#include "index/kernels/page_shape.h"

namespace vexfs::index {
namespace {

// What a walk may be expected to cost if the filter agrees with the query, as a share of the scan,
constexpr double kNavigateShare = 0.7;
constexpr double kTwoHopShare = 0.25;
// and what it may spend before it has looked whether the filter does. Its way there is the dearer
// part, with few neighbours that were seen before.
constexpr double kBlindShare = 0.1;

// Codes beyond this are not expected in the second-level cache.
constexpr uint64_t kCacheBytes = 1 << 20;

constexpr double kTwoHopFreshPerRow = 48;

// Single bits become bytes first: a block of them takes as long as four.
double blocks_of(CodeShape shape) {
    return shape.record_bytes / double{kCodeBlockBytes} * (shape.bits == 1 ? 4 : 1);
}

bool is_far(const PlanInput& input) {
    return uint64_t{input.shape.record_bytes} * input.rows > kCacheBytes;
}

// In order, a row costs the reading of its record; gathered, most of a cache miss.
double scan_cost(const PlanInput& input) {
    const double blocks = blocks_of(input.shape);
    const bool far = is_far(input);
    const double word = 0.5 / 64; // of the bitmap, per row
    const double in_order = input.rows * (0.5 + (far ? 3.5 : 0.7) * blocks);
    const double gathered = input.allowed * (far ? 4 + 6 * blocks : 2.5 + 1.5 * blocks);
    return input.rows * word + std::min(in_order, gathered);
}

// A batch computes the distances of kBatchQueries, however few it has, but reads a row once, and
// each query keeps its nearest in order by itself: the part of each query.
double shared_scan_cost(const PlanInput& input) {
    const double blocks = blocks_of(input.shape);
    const double word = 0.5 / 64;
    const double missed = is_far(input) ? 2.8 * blocks : 0;
    const double reading = std::min(input.rows * missed, input.allowed * (4 + 6 * blocks));
    const double of_block = input.shape.bits == 16 ? 40 : input.shape.bits == 8 ? 6 : 10;
    const double computing = input.allowed * (2 + of_block * blocks);
    const double keeping = 60.0 * std::min(input.rerank, input.allowed);
    return (input.rows * word + reading + computing) / input.batch + keeping;
}

// A long pool costs more to keep sorted.
double distance_cost(const PlanInput& input, double pool) {
    const double blocks = blocks_of(input.shape);
    return is_far(input) ? 20 + 4 * blocks + 0.06 * pool : 10 + 3 * blocks + 0.02 * pool;
}

// The way down to the query, then the neighbours of the pool, many of which are neighbours of each
// other.
double walk_cost(const PlanInput& input, double pool) {
    const double live = input.live;
    const double distances = std::min(30 * std::log2(live + 1) + 6.5 * pool, live);
    return distances * distance_cost(input, pool);
}

double two_hop_cost(const PlanInput& input) {
    const double looking = 800; // at the links of 32 rows that are not allowed
    return input.ef * (kTwoHopFreshPerRow * distance_cost(input, input.ef) + looking);
}

// The pool in which as many allowed rows are expected as an unfiltered one would hold, and k of
// them nearly always: their number varies by its root.
double navigate_pool(const PlanInput& input, double share) {
    const double k = input.k;
    const double unfiltered = std::max(input.ef, input.rerank);
    return std::max(unfiltered, k + 1.5 * std::sqrt(k)) / share;
}

// Eight allowed rows are expected among the probed ones if the filter and the query have nothing to
// do with each other; three or fewer are then a case of one in twenty-four.
constexpr double kProbeExpected = 8;
constexpr uint32_t kProbeNeeded = 4;

PlanChoice choose_filtered(const PlanInput& input, PlanChoice choice) {
    const double share = static_cast<double>(input.allowed) / input.live;
    const double pool_max = std::min(input.rows + 1.0, kMaxSlots / 2.0);
    const double pool = std::min(navigate_pool(input, share), pool_max);
    choice.pool = static_cast<uint32_t>(std::max(pool, 1.0));
    const double navigate = walk_cost(input, pool);
    if (navigate <= kNavigateShare * choice.scan_ns) {
        choice.plan = Plan::kNavigate;
        choice.walk_ns = navigate;
        const double blind = kBlindShare * choice.scan_ns / distance_cost(input, pool);
        choice.distance_budget = static_cast<uint64_t>(blind);
        return choice;
    }
    const double probe = std::max(kProbeExpected / share, 16.0);
    choice.probe_pool = static_cast<uint32_t>(probe);
    choice.probe_allowed = kProbeNeeded;
    choice.walk_ns = walk_cost(input, probe) + two_hop_cost(input);
    const double affordable = kTwoHopShare * choice.scan_ns;
    choice.distance_budget = static_cast<uint64_t>(affordable / distance_cost(input, probe));
    choice.plan = choice.walk_ns <= affordable ? Plan::kTwoHop : Plan::kCodeScan;
    return choice;
}

} // namespace

const char* name_of(Plan plan) {
    switch (plan) {
    case Plan::kNothing:
        return "nothing";
    case Plan::kExact:
        return "exact";
    case Plan::kCodeScan:
        return "code-scan";
    case Plan::kWalk:
        return "walk";
    case Plan::kNavigate:
        return "navigate";
    case Plan::kTwoHop:
        return "two-hop";
    }
    return "unknown";
}

PlanChoice choose_plan(const PlanInput& input) {
    PlanChoice choice;
    if (input.live == 0 || input.allowed == 0)
        return choice;
    choice.scan_ns = scan_cost(input);
    if (input.batch > 1) {
        const double shared_ns = shared_scan_cost(input);
        choice.shared = shared_ns < choice.scan_ns;
        choice.scan_ns = std::min(choice.scan_ns, shared_ns);
    }
    if (input.filtered)
        choice = choose_filtered(input, choice);
    // The scan would compute all exact distances anyway.
    if (input.allowed <= input.rerank) {
        choice.plan = Plan::kExact;
        return choice;
    }
    if (input.filtered)
        return choice;
    // Nothing can go wrong with an unfiltered walk, so it need only be the cheaper way.
    choice.walk_ns = walk_cost(input, std::max(input.ef, input.k));
    choice.plan = choice.walk_ns < choice.scan_ns ? Plan::kWalk : Plan::kCodeScan;
    return choice;
}

} // namespace vexfs::index
