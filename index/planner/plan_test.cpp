// SPDX-License-Identifier: Apache-2.0
#include "index/planner/plan.h"

#include <algorithm>
#include <doctest/doctest.h>
#include <initializer_list>

using namespace vexfs::index;

namespace {

PlanInput unfiltered(uint32_t rows, uint32_t ef) {
    return {{128, 8}, rows, rows, rows, false, 10, ef, 20};
}

PlanInput filtered(uint32_t rows, double share, uint32_t ef) {
    PlanInput input = unfiltered(rows, ef);
    input.filtered = true;
    input.allowed = static_cast<uint32_t>(rows * share);
    return input;
}

} // namespace

TEST_CASE("plan: a small collection is scanned, a large one is walked") {
    CHECK(choose_plan(unfiltered(1000, 64)).plan == Plan::kCodeScan);
    CHECK(choose_plan(unfiltered(1'000'000, 64)).plan == Plan::kWalk);
    CHECK(choose_plan(unfiltered(1'000'000, 64)).distance_budget == UINT64_MAX);
}

TEST_CASE("plan: a full batch scans more rows than a query alone, a batch of two does not") {
    uint32_t last_alone = 0, last_of_batch = 0;
    for (uint32_t rows = 2000; rows < 1'000'000; rows += rows / 4) {
        PlanInput input = unfiltered(rows, 64);
        if (choose_plan(input).plan == Plan::kCodeScan)
            last_alone = rows;
        const double alone_ns = choose_plan(input).scan_ns;
        input.batch = 2;
        CHECK_FALSE(choose_plan(input).shared);
        CHECK(choose_plan(input).scan_ns == alone_ns);
        input.batch = 16;
        CHECK(choose_plan(input).shared);
        CHECK(choose_plan(input).scan_ns < alone_ns);
        if (choose_plan(input).plan == Plan::kCodeScan)
            last_of_batch = rows;
    }
    CHECK(last_alone >= 2000);
    CHECK(last_of_batch >= 2 * std::max(last_alone, 2000U));
}

TEST_CASE("plan: nothing is done where nothing can match") {
    CHECK(choose_plan(unfiltered(0, 64)).plan == Plan::kNothing);
    CHECK(choose_plan(filtered(1000, 0, 64)).plan == Plan::kNothing);
}

TEST_CASE("plan: rows that are all re-ranked are compared exactly at once") {
    CHECK(choose_plan(unfiltered(20, 64)).plan == Plan::kExact);
    CHECK(choose_plan(filtered(1'000'000, 0.00001, 64)).plan == Plan::kExact);
}

TEST_CASE("plan: the fewer rows a filter allows, the more a scan is worth") {
    CHECK(choose_plan(filtered(1'000'000, 0.001, 64)).plan == Plan::kCodeScan);
    CHECK(choose_plan(filtered(1'000'000, 0.01, 64)).plan == Plan::kCodeScan);
    CHECK(choose_plan(filtered(1'000'000, 0.5, 64)).plan == Plan::kNavigate);
    CHECK(choose_plan(filtered(50'000'000, 0.01, 64)).plan == Plan::kTwoHop);
}

TEST_CASE("plan: a filter is kept even where it seems to allow every row") {
    CHECK(choose_plan(filtered(1'000'000, 1, 64)).plan == Plan::kNavigate);
}

TEST_CASE("plan: a filtered walk costs less than the scan, and a quarter if it walks blindly") {
    for (uint32_t rows = 1000; rows <= 100'000'000; rows *= 10) {
        for (double share : {0.001, 0.01, 0.1, 0.25, 0.5, 0.9}) {
            for (uint32_t ef : {10U, 64U, 400U}) {
                const PlanChoice choice = choose_plan(filtered(rows, share, ef));
                if (choice.plan != Plan::kNavigate && choice.plan != Plan::kTwoHop)
                    continue;
                CHECK(choice.distance_budget < rows);
                if (choice.plan == Plan::kTwoHop) {
                    CHECK(choice.walk_ns <= choice.scan_ns / 4);
                    CHECK(choice.probe_pool * share >= choice.probe_allowed);
                } else {
                    CHECK(choice.walk_ns <= choice.scan_ns * 0.7);
                    CHECK(choice.pool * share >= std::min(ef, rows) - 1.0);
                }
            }
        }
    }
}
