// SPDX-License-Identifier: Apache-2.0
#include "bench/data/truth.h"

#include <doctest/doctest.h>

#include <cstring>

#include "bench/data/generate.h"

namespace vexfs {
namespace {

using index::Element;
using index::Metric;

Matrix matrix_of(uint32_t dim, const std::vector<float>& values) {
    Matrix matrix{Element::kF32, dim, values.size() / dim, {}};
    matrix.bytes.resize(values.size() * 4);
    std::memcpy(matrix.bytes.data(), values.data(), matrix.bytes.size());
    return matrix;
}

TEST_CASE("truth: distances are those that the metrics define") {
    const Matrix base = matrix_of(2, {3, 4, 0, 0, -1, 0});
    const Matrix query = matrix_of(2, {1, 0});
    CHECK(ExactDistance(Metric::kL2, base, query).between(0, 0) == doctest::Approx(20));
    CHECK(ExactDistance(Metric::kDot, base, query).between(0, 0) == doctest::Approx(-3));
    const ExactDistance cosine(Metric::kCosine, base, query);
    CHECK(cosine.between(0, 0) == doctest::Approx(0.4));
    CHECK(cosine.between(0, 1) == doctest::Approx(1));
    CHECK(cosine.between(0, 2) == doctest::Approx(2));
}

TEST_CASE("truth: bytes and floats of the same values are equally far") {
    Matrix bytes{Element::kI8, 20, 2, std::vector<std::byte>(40)};
    for (size_t i = 0; i < 40; ++i)
        bytes.bytes[i] = static_cast<std::byte>(17 * i);
    const Matrix floats = matrix_of(20, bytes.floats());
    CHECK(ExactDistance(Metric::kL2, bytes, bytes).between(0, 1) ==
          ExactDistance(Metric::kL2, floats, floats).between(0, 1));
}

TEST_CASE("truth: any number of threads gives the order of a full sort") {
    ClusteredShape shape;
    shape.rows = 700;
    shape.queries = 30;
    shape.dim = 19;
    const VectorSet set = generate_clustered(shape);
    const ExactDistance distance(Metric::kL2, set.base, set.queries);
    const Truth truth = exact_truth(distance, 10, nullptr, 3);
    CHECK(truth.rows == exact_truth(distance, 10, nullptr, 1).rows);
    for (size_t q = 0; q < 30; ++q) {
        std::vector<index::Neighbor> all;
        for (uint32_t row = 0; row < 700; ++row)
            all.push_back({row, distance.between(q, row)});
        std::sort(all.begin(), all.end());
        for (size_t i = 0; i < 10; ++i)
            CHECK(truth.of(q)[i] == all[i].slot);
    }
}

TEST_CASE("truth: a filter that allows fewer rows than asked leaves the rest empty") {
    const Matrix base = matrix_of(1, {0, 1, 2, 3});
    const ExactDistance distance(Metric::kL2, base, matrix_of(1, {0}));
    index::Bitmap allowed(4);
    allowed.add(3);
    allowed.add(2);
    const index::BitmapView view = allowed.view();
    const Truth truth = exact_truth(distance, 3, &view, 1);
    CHECK(truth.rows == std::vector<uint32_t>{2, 3, kNoRow});
    const uint32_t found[] = {2, 3};
    CHECK(count_found(distance, truth, 0, 3, found) == 2);
}

TEST_CASE("truth: ties count as found, repeated and invented rows do not") {
    const Matrix base = matrix_of(1, {1, 1, 1, 5});
    const ExactDistance distance(Metric::kL2, base, matrix_of(1, {1}));
    const Truth truth = exact_truth(distance, 2, nullptr, 1);
    const auto found = [&](std::vector<uint32_t> rows) {
        return count_found(distance, truth, 0, 2, rows);
    };
    CHECK(found({0, 1}) == 2);
    CHECK(found({2, 1}) == 2);
    CHECK(found({2, 2}) == 1);
    CHECK(found({3, 4}) == 0);
    CHECK(found({0, 1, 2}) == 2);
}

} // namespace
} // namespace vexfs
