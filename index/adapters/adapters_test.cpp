// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "base/random.h"
#include "index/adapters/faiss_index.h"
#include "index/adapters/faiss_ivf_index.h"
#include "index/adapters/hnswlib_index.h"

namespace vexfs::index {
namespace {

constexpr uint32_t kRows = 400;

std::vector<float> random_rows(uint32_t rows, uint32_t dim, uint64_t seed) {
    Random random(seed);
    std::vector<float> out(size_t{rows} * dim);
    for (float& value : out)
        value = static_cast<float>(random.normal());
    return out;
}

float exact(Metric metric, const float* a, const float* b, uint32_t dim) {
    double square = 0;
    double dot = 0;
    double aa = 0;
    double bb = 0;
    for (uint32_t j = 0; j < dim; ++j) {
        square += (double{a[j]} - b[j]) * (double{a[j]} - b[j]);
        dot += double{a[j]} * b[j];
        aa += double{a[j]} * a[j];
        bb += double{b[j]} * b[j];
    }
    const double distance = metric == Metric::kL2    ? square
                            : metric == Metric::kDot ? -dot
                            : aa * bb == 0           ? 1
                                                     : 1 - dot / std::sqrt(aa * bb);
    return static_cast<float>(distance);
}

// The answers have the distances that the metric defines, as near as `share` of what it is and of
// 1, in order, and are nearly the nearest.
void check_against_scan(const VectorIndex& index, Metric metric, const std::vector<float>& rows,
                        uint32_t dim, uint32_t effort = 100, double share = 1e-4) {
    const std::vector<float> queries = random_rows(20, dim, 99);
    uint32_t hits = 0;
    for (uint32_t q = 0; q < 20; ++q) {
        const std::span<const float> query = std::span(queries).subspan(size_t{q} * dim, dim);
        std::vector<Neighbor> all;
        for (uint32_t row = 0; row < kRows; ++row)
            all.push_back({row, exact(metric, query.data(), &rows[size_t{row} * dim], dim)});
        std::vector<Neighbor> found;
        REQUIRE(index.search(query, 10, effort, found).has_value());
        REQUIRE(found.size() == 10);
        for (size_t i = 0; i < 10; ++i) {
            CHECK(found[i].distance == doctest::Approx(all[found[i].slot].distance).epsilon(share));
            CHECK((i == 0 || found[i - 1].distance <= found[i].distance));
        }
        std::nth_element(all.begin(), all.begin() + 9, all.end());
        for (const Neighbor& neighbor : found)
            hits += neighbor.distance <= all[9].distance * (1 + 1e-4F) + 1e-4F;
    }
    CHECK(hits >= 180);
}

TEST_CASE("adapters: every metric, dimension and instruction set gives the metric's distances") {
    for (Metric metric : {Metric::kL2, Metric::kCosine, Metric::kDot}) {
        for (uint32_t dim : {3U, 16U, 20U, 37U}) {
            CAPTURE(static_cast<int>(metric));
            CAPTURE(dim);
            const ForeignShape shape{metric, dim, kRows, 16, 100, 1};
            const std::vector<float> rows = random_rows(kRows, dim, 5);
            for (Isa isa : kAllIsas) {
                if (!is_supported(isa)) {
                    CHECK_FALSE(make_hnswlib_index(shape, isa).has_value());
                    continue;
                }
                auto index = make_hnswlib_index(shape, isa).value();
                REQUIRE(index->build(rows, 1).has_value());
                check_against_scan(*index, metric, rows, dim);
                CHECK(index->memory_bytes() > rows.size() * sizeof(float));
            }
            auto index = make_faiss_index(shape).value();
            REQUIRE(index->build(rows, 1).has_value());
            check_against_scan(*index, metric, rows, dim);
            auto bytes = make_faiss_sq8_index(shape).value();
            REQUIRE(bytes->build(rows, 1).has_value());
            check_against_scan(*bytes, metric, rows, dim, 100, 0.05);
            CHECK(index->memory_bytes() - bytes->memory_bytes() == rows.size() * 3);
            auto lists = make_faiss_ivf_index(shape).value();
            REQUIRE(lists->build(rows, 1).has_value());
            const uint32_t all = IvfEffort{ivf_lists(kRows), 40}.packed();
            check_against_scan(*lists, metric, rows, dim, all);
            CHECK(lists->cold_bytes() == rows.size() * sizeof(float));
            CHECK(lists->memory_bytes() > lists->cold_bytes());
        }
    }
}

TEST_CASE("adapters: an IVF index finds more the more lists and candidates it looks at") {
    constexpr uint32_t kDim = 32;
    const std::vector<float> rows = random_rows(2000, kDim, 5);
    auto index = make_faiss_ivf_index({Metric::kL2, kDim, 2000, 16, 100, 1}).value();
    REQUIRE(index->build(rows, 2).has_value());
    const auto own = [&](IvfEffort effort) {
        uint32_t found_itself = 0;
        std::vector<Neighbor> found;
        for (uint32_t row = 0; row < 200; ++row) {
            std::vector<float> query(rows.begin() + row * kDim, rows.begin() + (row + 1) * kDim);
            for (uint32_t i = 0; i < kDim; ++i)
                query[i] += i % 2 == 0 ? 0.75F : -0.75F;
            REQUIRE(index->search(query, 1, effort.packed(), found).has_value());
            found_itself += !found.empty() && found[0].slot == row;
        }
        return found_itself;
    };
    CHECK(ivf_lists(2000) == 52);
    CHECK(ivf_lists(1'000'000) == 4000);
    CHECK(own({1, 1}) < own({52, 1}));
    CHECK(own({52, 1}) < own({52, 50}));
    CHECK(own({52, 50}) > 190);
    CHECK(index->insert(0, std::span(rows).first(kDim)).error() == fail(Code::kEOPNOTSUPP, ""));
    CHECK_FALSE(make_faiss_ivf_index({Metric::kL2, kDim, 0, 16, 100, 1}));
}

TEST_CASE("adapters: hnswlib hides removed rows and reuses their slots") {
    constexpr uint32_t kDim = 8;
    const std::vector<float> rows = random_rows(kRows, kDim, 5);
    const std::span<const float> all(rows);
    auto index = make_hnswlib_index({Metric::kL2, kDim, kRows, 16, 100, 1}, Isa::kScalar).value();
    REQUIRE(index->build(all, 1).has_value());
    std::vector<Neighbor> found;
    REQUIRE(index->remove(7).has_value());
    CHECK(index->remove(7).error() == fail(Code::kENOENT, ""));
    REQUIRE(index->search(all.subspan(7 * kDim, kDim), 10, 100, found).has_value());
    for (const Neighbor& neighbor : found)
        CHECK(neighbor.slot != 7);
    const std::vector<float> fresh = random_rows(1, kDim, 77);
    REQUIRE(index->insert(7, fresh).has_value());
    REQUIRE(index->search(fresh, 1, 100, found).has_value());
    CHECK(found == std::vector<Neighbor>{{7, 0.0F}});
    CHECK(index->insert(kRows, fresh).error() == fail(Code::kEINVAL, ""));
}

TEST_CASE("adapters: a restriction lets through only what it allows, and can be lifted") {
    constexpr uint32_t kDim = 8;
    const std::vector<float> rows = random_rows(kRows, kDim, 5);
    const std::span<const float> all(rows);
    auto index = make_hnswlib_index({Metric::kL2, kDim, kRows, 16, 100, 1}, Isa::kScalar).value();
    REQUIRE(index->build(all, 1).has_value());
    REQUIRE(index->remove(30).has_value());
    Bitmap allowed(kRows);
    for (uint32_t slot = 0; slot < kRows; slot += 10)
        allowed.add(slot);
    const BitmapView view = allowed.view();
    REQUIRE(index->restrict_to(&view).has_value());
    std::vector<Neighbor> found;
    REQUIRE(index->search(all.subspan(0, kDim), 50, 400, found).has_value());
    CHECK(found.size() == 39);
    for (const Neighbor& neighbor : found)
        CHECK((neighbor.slot % 10 == 0 && neighbor.slot != 30));
    REQUIRE(index->restrict_to(nullptr).has_value());
    REQUIRE(index->search(all.subspan(0, kDim), 50, 400, found).has_value());
    CHECK(found.size() == 50);
    CHECK(std::none_of(found.begin(), found.end(),
                       [](const Neighbor& neighbor) { return neighbor.slot == 30; }));
}

TEST_CASE("adapters: shapes out of range are refused") {
    CHECK_FALSE(make_hnswlib_index({Metric::kHamming, 8, 10, 16, 100, 1}, Isa::kScalar));
    CHECK_FALSE(make_hnswlib_index({Metric::kL2, 0, 10, 16, 100, 1}, Isa::kScalar));
    CHECK_FALSE(make_hnswlib_index({Metric::kL2, 8, 10, 1, 100, 1}, Isa::kScalar));
    CHECK_FALSE(make_faiss_index({Metric::kJaccard, 8, 10, 16, 100, 1}));
    CHECK_FALSE(make_faiss_index({Metric::kL2, 70'000, 10, 16, 100, 1}));
    auto index = make_faiss_index({Metric::kL2, 2, 10, 16, 100, 1}).value();
    CHECK(index->remove(0).error() == fail(Code::kEOPNOTSUPP, ""));
}

} // namespace
} // namespace vexfs::index
