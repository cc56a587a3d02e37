// SPDX-License-Identifier: Apache-2.0
#include "bench/ann/curve.h"

#include <doctest/doctest.h>

namespace vexfs {
namespace {

Point point(uint32_t effort, double recall, double qps) {
    const auto p50_ns = static_cast<uint64_t>(1e9 / qps);
    return {effort, recall, {qps / 2, qps}, {{2 * p50_ns, 0, 9, 0, 0}, {p50_ns, 0, 5, 0, 0}}};
}

TEST_CASE("curve: a recall between two points gets the logarithmic mean of both") {
    const std::vector<Point> points = {point(10, 0.90, 4000), point(40, 0.98, 1000)};
    const AtRecall at = at_recall(points, 0.94).value();
    CHECK(at.recall == doctest::Approx(0.94));
    CHECK(at.qps == doctest::Approx(2000));
    CHECK(at.effort == doctest::Approx(20));
    CHECK(at.round_qps[0] == doctest::Approx(1000));
    CHECK(at.p50_ns == doctest::Approx(500'000));
    CHECK(at.p99_ns == doctest::Approx(5));
    CHECK(at.round_latency[0].p50_ns == 1'000'000);
    CHECK(at.round_latency[1].p50_ns == 500'000);
}

TEST_CASE("curve: a recall below the first point is that point's, one above the last is none") {
    const std::vector<Point> points = {point(10, 0.96, 4000), point(40, 0.98, 1000)};
    CHECK(at_recall(points, 0.95)->qps == doctest::Approx(4000));
    CHECK(at_recall(points, 0.95)->recall == doctest::Approx(0.96));
    CHECK(at_recall(points, 0.98)->qps == doctest::Approx(1000));
    CHECK_FALSE(at_recall(points, 0.99).has_value());
    CHECK_FALSE(at_recall({}, 0.5).has_value());
}

} // namespace
} // namespace vexfs
