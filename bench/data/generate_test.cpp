// SPDX-License-Identifier: Apache-2.0
#include "bench/data/generate.h"

#include <doctest/doctest.h>

#include <cmath>
#include <numeric>

#include "bench/data/truth.h"

namespace vexfs {
namespace {

ClusteredShape small_shape() {
    ClusteredShape shape;
    shape.rows = 2'000;
    shape.queries = 100;
    shape.dim = 32;
    shape.latent_dim = 6;
    shape.clusters = 20;
    return shape;
}

TEST_CASE("generate: one seed gives one set, another seed another") {
    ClusteredShape shape = small_shape();
    const VectorSet first = generate_clustered(shape);
    CHECK(first.base.bytes == generate_clustered(shape).base.bytes);
    shape.seed = 2;
    CHECK(first.base.bytes != generate_clustered(shape).base.bytes);
}

TEST_CASE("generate: rows are of length 1 when asked, and clusters are of unequal size") {
    const VectorSet set = generate_clustered(small_shape());
    const std::vector<float> base = set.base.floats();
    for (size_t i = 0; i < set.base.rows; ++i) {
        const float* row = &base[i * 32];
        CHECK(std::inner_product(row, row + 32, row, 0.0) == doctest::Approx(1).epsilon(1e-4));
    }
    // A nearest neighbour is far nearer than a row at random: there are clusters.
    const ExactDistance distance(index::Metric::kL2, set.base, set.queries);
    const Truth truth = exact_truth(distance, 1, nullptr, 1);
    double nearest = 0;
    double any = 0;
    for (size_t q = 0; q < 100; ++q) {
        nearest += distance.between(q, truth.of(q)[0]);
        any += distance.between(q, q);
    }
    CHECK(nearest * 3 < any);
}

TEST_CASE("generate: filters let through the share that was asked for") {
    const VectorSet set = generate_clustered(small_shape());
    for (double percent : {0.01, 0.1, 10.0, 50.0, 100.0}) {
        const auto expected = static_cast<uint32_t>(std::max(1.0, std::round(20 * percent)));
        CHECK(random_filter(set, percent, 3).allowed.count_set() == expected);
        CHECK(opposed_filter(set, percent, 3).allowed.count_set() == expected);
    }
    CHECK(random_filter(set, 10, 3).queries.size() == 100);
}

TEST_CASE("generate: an opposed filter forbids what the queries are near to") {
    const VectorSet set = generate_clustered(small_shape());
    const ExactDistance distance(index::Metric::kL2, set.base, set.queries);
    const Truth truth = exact_truth(distance, 10, nullptr, 1);
    const auto allowed_share = [&](const DrawnFilter& filter) {
        uint32_t allowed = 0;
        for (uint32_t q : filter.queries) {
            for (uint32_t row : truth.of(q))
                allowed += filter.allowed.contains(row);
        }
        return allowed / (10.0 * static_cast<double>(filter.queries.size()));
    };
    CHECK(allowed_share(random_filter(set, 10, 3)) > 0.05);
    CHECK(allowed_share(opposed_filter(set, 10, 3)) < 0.02);
    CHECK(opposed_filter(set, 10, 3).queries.size() >= 50);
}

} // namespace
} // namespace vexfs
