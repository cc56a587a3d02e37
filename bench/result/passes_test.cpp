// SPDX-License-Identifier: Apache-2.0
#include "bench/result/passes.h"

#include <doctest/doctest.h>

using namespace vexfs;

namespace {

Measurement measured(double ef, std::vector<double> rounds, const Ratio& ratio) {
    Measurement one;
    one.benchmark = "ann.curve";
    one.subject = "vexfs";
    one.parameters = {{"ef", ef}};
    one.add("throughput", "1/s", Better::kMore, std::move(rounds));
    one.ratios = {{"throughput", "hnswlib", ratio}};
    return one;
}

} // namespace

TEST_CASE("passes: rounds follow each other, and a ratio spans those of all") {
    const BenchRun whole = joined({{"command", "first", {measured(10, {1, 2}, {2, 1.5, 2.5})}},
                                   {"command", "second", {measured(10, {7}, {4, 3, 5})}},
                                   {"command", "third", {measured(10, {8, 9}, {3, 2.9, 3.1})}}});
    CHECK(whole.command == "command");
    CHECK(whole.setting == "first");
    REQUIRE(whole.measurements.size() == 1);
    const Measurement& one = whole.measurements[0];
    REQUIRE(one.figures.size() == 1);
    CHECK(one.figures[0].rounds == std::vector<double>{1, 2, 7, 8, 9});
    REQUIRE(one.ratios.size() == 1);
    CHECK(one.ratios[0].ratio.middle == 3);
    CHECK(one.ratios[0].ratio.low == 1.5);
    CHECK(one.ratios[0].ratio.high == 5);
}

TEST_CASE("passes: what only some runs have is as they measured it") {
    Measurement more = measured(10, {3}, {1, 1, 1});
    more.add("recall", "share", Better::kMore, 0.9);
    more.ratios.push_back({"throughput", "faiss", {6, 5, 7}});
    const BenchRun whole = joined({{"command", "", {measured(10, {1}, {2, 2, 2})}},
                                   {"command", "", {measured(20, {5}, {1, 1, 1}), more}}});
    REQUIRE(whole.measurements.size() == 2);
    const Measurement& one = whole.measurements[0];
    CHECK(one.figure("throughput")->rounds == std::vector<double>{1, 3});
    CHECK(one.figure("recall")->rounds == std::vector<double>{0.9});
    REQUIRE(one.ratios.size() == 2);
    CHECK(one.ratios[1].ratio.high == 7);
    CHECK(whole.measurements[1].figure("throughput")->rounds == std::vector<double>{5});
    // Alone a run is what it was.
    CHECK(joined({whole}).measurements[0].figure("throughput")->rounds ==
          std::vector<double>{1, 3});
}
