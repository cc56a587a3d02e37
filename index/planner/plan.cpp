// SPDX-License-Identifier: Apache-2.0
#include "index/planner/plan.h"

#include <algorithm>

namespace vexfs::index {
namespace {

// What a walk may cost, as a share of the scan's cost.
constexpr double kWalkShare = 0.25;

// New rows that expanding one row of the pool brings.
constexpr double kFreshPerRow = 14;
constexpr double kTwoHopFreshPerRow = 48;

double blocks_of(CodeShape shape) {
    return shape.record_bytes / double{kCodeBlockBytes};
}

// In order, a row costs the reading of its record; gathered, most of a cache miss.
double scan_cost(const PlanInput& input) {
    const double blocks = blocks_of(input.shape);
    const double word = 0.5 / 64; // of the bitmap, per row
    const double in_order = input.rows * (0.5 + 0.7 * blocks);
    const double gathered = input.allowed * (2.5 + 1.5 * blocks);
    return input.rows * word + std::min(in_order, gathered);
}

double distance_cost(const PlanInput& input) {
    return 14 + 3 * blocks_of(input.shape);
}

// A long pool costs more to keep sorted.
double walk_cost(const PlanInput& input, double pool) {
    const double distances = std::min(pool * kFreshPerRow, static_cast<double>(input.live));
    return distances * (distance_cost(input) + 0.01 * pool);
}

double two_hop_cost(const PlanInput& input) {
    const double looking = 800; // at the links of 32 rows that are not allowed
    return input.ef * (kTwoHopFreshPerRow * distance_cost(input) + looking);
}

// Eight allowed rows are expected among the probed ones if the filter and the query have nothing to
// do with each other; three or fewer are then a case of one in twenty-four.
constexpr double kProbeExpected = 8;
constexpr uint32_t kProbeNeeded = 4;

PlanChoice choose_filtered(const PlanInput& input, PlanChoice choice) {
    const double share = static_cast<double>(input.allowed) / input.live;
    const double affordable = kWalkShare * choice.scan_ns;
    const double probe = std::max(kProbeExpected / share, 16.0);
    choice.distance_budget = static_cast<uint64_t>(affordable / distance_cost(input));
    choice.probe_pool = static_cast<uint32_t>(probe);
    choice.probe_allowed = kProbeNeeded;

    const double navigate = walk_cost(input, std::max(input.ef, input.rerank) / share);
    const double two_hop = walk_cost(input, probe) + two_hop_cost(input);
    const bool navigates = navigate <= affordable;
    choice.walk_ns = navigates ? navigate : two_hop;
    choice.plan = navigates               ? Plan::kNavigate
                  : two_hop <= affordable ? Plan::kTwoHop
                                          : Plan::kCodeScan;
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
    choice.walk_ns = walk_cost(input, std::max(input.ef, input.rerank));
    choice.plan = choice.walk_ns < choice.scan_ns ? Plan::kWalk : Plan::kCodeScan;
    return choice;
}

} // namespace vexfs::index
