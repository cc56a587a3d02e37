// SPDX-License-Identifier: Apache-2.0
#include "index/adapters/cold_index.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <vector>

#include "base/checksum.h"
#include "base/random.h"
#include "index/adapters/cold_file.h"
#include "index/flat/exact_scan.h"
#include "index/flat/vector_table.h"

namespace vexfs::index {
namespace {

constexpr uint32_t kRows = 1'500;
constexpr uint32_t kDim = 12;
constexpr uint32_t kQueries = 20;

// Rows around 30 centres, in floats and in a table that refines.
struct Rows {
    std::vector<float> values;
    VectorTable table{Element::kF32, kDim};

    explicit Rows(uint32_t count) {
        Random random(3);
        std::vector<float> centres(size_t{30} * kDim);
        for (float& value : centres)
            value = static_cast<float>(random.normal() * 3);
        for (uint32_t row = 0; row < count; ++row) {
            const float* centre = &centres[random.below(30) * kDim];
            for (uint32_t j = 0; j < kDim; ++j)
                values.push_back(centre[j] + static_cast<float>(random.normal()));
            REQUIRE(table.put(row, view(row)).has_value());
        }
    }
    [[nodiscard]] VectorView view(uint32_t row) const {
        return {Element::kF32, kDim,
                std::as_bytes(std::span(values)).data() + size_t{row} * kDim * sizeof(float)};
    }
};

std::unique_ptr<ColdIndex> filled(const Rows& rows, Metric metric) {
    auto index = ColdIndex::train({metric, kDim, 16, 4, 1}, rows.values).value();
    const std::span<const float> values(rows.values);
    REQUIRE(index->add(0, values.first(size_t{700} * kDim)).has_value());
    REQUIRE(index->add(700, values.subspan(size_t{700} * kDim, size_t{800} * kDim)).has_value());
    return index;
}

uint32_t hits(const ColdIndex& index, const Rows& rows, Metric metric, uint32_t probes,
              const BitmapView* allowed) {
    const TableSource source = TableSource::make(rows.table, metric).value();
    uint32_t count = 0;
    for (uint32_t q = 0; q < kQueries; ++q) {
        const VectorView query = rows.view(kRows + q);
        std::vector<Neighbor> wanted;
        ScanScratch scratch;
        ScanCounters counters;
        ExactSearch exact;
        exact.query = query;
        exact.k = 10;
        REQUIRE(exact_nearest(source, {kRows, allowed, nullptr}, exact, scratch, counters, wanted)
                    .has_value());
        std::vector<Neighbor> found;
        REQUIRE(index.search({query, 10, probes, 100, allowed}, source, found).has_value());
        for (const Neighbor& neighbor : found)
            count += std::find(wanted.begin(), wanted.end(), neighbor) != wanted.end();
    }
    return count;
}

TEST_CASE("cold index: refined answers are the nearest rows under every metric") {
    const Rows rows(kRows + kQueries);
    for (Metric metric : {Metric::kL2, Metric::kCosine, Metric::kDot}) {
        CAPTURE(static_cast<int>(metric));
        const auto index = filled(rows, metric);
        CHECK(index->rows() == kRows);
        CHECK(hits(*index, rows, metric, 16, nullptr) >= 190);
        CHECK(hits(*index, rows, metric, 4, nullptr) >= 150);
    }
}

TEST_CASE("cold index: a filter lets through only what it allows") {
    const Rows rows(kRows + kQueries);
    const auto index = filled(rows, Metric::kL2);
    Bitmap allowed(kRows);
    for (uint32_t slot = 0; slot < kRows; slot += 7)
        allowed.add(slot);
    const BitmapView view = allowed.view();
    CHECK(hits(*index, rows, Metric::kL2, 16, &view) >= 190);
}

TEST_CASE("cold index: what is saved is read back and answers the same") {
    const Rows rows(kRows + kQueries);
    const auto index = filled(rows, Metric::kCosine);
    const std::vector<std::byte> bytes = index->to_bytes().value();
    const auto again = ColdIndex::from_bytes(bytes).value();
    CHECK(again->rows() == kRows);
    CHECK(again->to_bytes().value() == bytes);
    CHECK(hits(*again, rows, Metric::kCosine, 4, nullptr) ==
          hits(*index, rows, Metric::kCosine, 4, nullptr));
}

TEST_CASE("cold index: a file cut or damaged anywhere is an error, with the right sum as well") {
    const Rows rows(300);
    auto index = ColdIndex::train({Metric::kL2, kDim, 2, 2, 1}, rows.values).value();
    REQUIRE(index->add(0, std::span(rows.values).first(size_t{20} * kDim)).has_value());
    const std::vector<std::byte> whole = index->to_bytes().value();
    for (size_t length = 0; length < whole.size(); length += length < 64 ? 1 : 97)
        CHECK_FALSE(ColdIndex::from_bytes(Bytes(whole).first(length)).has_value());
    for (size_t place = 0; place < whole.size(); place += place < 64 ? 1 : 31) {
        std::vector<std::byte> damaged = whole;
        damaged[place] ^= std::byte{0x40};
        CHECK(ColdIndex::from_bytes(damaged).error() == fail(Code::kEBADMSG, ""));
        // A file made by someone who can compute the sum: refused, or consistent.
        const size_t body = damaged.size() - 8;
        store_le<uint64_t>(damaged.data() + body, xxh3_64(Bytes(damaged).first(body)));
        const auto parsed = parse_cold_file(damaged);
        if (parsed) {
            for (const ColdList& list : parsed->lists)
                CHECK(list.codes.size() == list.slots.size() * parsed->code_bytes);
        }
    }
}

TEST_CASE("cold index: shapes and samples out of range are refused") {
    const Rows rows(300);
    CHECK_FALSE(ColdIndex::train({Metric::kL2, kDim, 16, 5, 1}, rows.values));
    CHECK_FALSE(ColdIndex::train({Metric::kHamming, kDim, 16, 4, 1}, rows.values));
    CHECK_FALSE(ColdIndex::train({Metric::kL2, kDim, 301, 4, 1}, rows.values));
    CHECK_FALSE(ColdIndex::train({Metric::kL2, kDim, 2, 4, 1},
                                 std::span(rows.values).first(size_t{255} * kDim)));
}

} // namespace
} // namespace vexfs::index
