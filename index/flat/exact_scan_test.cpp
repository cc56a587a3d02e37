// SPDX-License-Identifier: Apache-2.0
#include "index/flat/exact_scan.h"

#include <doctest/doctest.h>

#include "base/random.h"
#include "index/kernels/convert.h"
#include "index/kernels/distance_oracle.h"

using namespace vexfs;
using namespace vexfs::index;

namespace {

// States that a scan is given: 3 under the mask 7 may be read; the other bits are noise.
struct States {
    explicit States(uint32_t rows, uint32_t hidden_per_mille, Random& random) {
        for (uint32_t slot = 0; slot < rows; ++slot) {
            REQUIRE(bytes.ensure(slot));
            const bool hidden = random.chance(hidden_per_mille, 1000);
            *bytes.row_as<uint64_t>(slot & ~7U) |= (random.below(16) << 3 | (hidden ? 7 : 3))
                                                   << (slot % 8 * 8);
        }
    }

    PageArray bytes{1};
    RowStates view{bytes.directory<uint64_t>(), 7, 3};
};

bool is_readable(const RowStates& states, uint32_t slot) {
    const uint64_t* page = states.pages[slot / kRowsPerPage];
    return page != nullptr &&
           (page[slot % kRowsPerPage / 8] >> (slot % 8 * 8) & states.mask) == states.readable;
}

// Rows of small whole numbers: every distance is exact, and many are equal.
struct Rows {
    Rows(Element element, uint32_t dim, uint32_t count, uint64_t seed)
        : table(element, dim), random(seed) {
        for (uint32_t slot = 0; slot < count; ++slot)
            REQUIRE(table.put(slot, draw()));
    }

    VectorView draw() {
        std::vector<float> values(table.dim());
        for (float& value : values)
            value = static_cast<float>(random.below(table.element() == Element::kBit ? 2 : 4));
        bytes.resize(bytes_of(table.element(), table.dim()));
        from_f32(values.data(), table.dim(), table.element(), bytes.data());
        return {table.element(), table.dim(), bytes.data()};
    }

    // By definition, in long double and without any kernel.
    [[nodiscard]] std::vector<Neighbor> sorted(VectorView query, Metric metric,
                                               const ScanRows& rows, float radius) const {
        std::vector<Neighbor> all;
        for (uint32_t slot = 0; slot < rows.size; ++slot) {
            if ((rows.allowed != nullptr && !rows.allowed->contains(slot)) ||
                (rows.states != nullptr && !is_readable(*rows.states, slot)))
                continue;
            const auto distance =
                static_cast<float>(oracle_distance(table.at(slot), query, metric).value);
            if (distance <= radius)
                all.push_back({slot, distance});
        }
        std::sort(all.begin(), all.end());
        return all;
    }

    VectorTable table;
    Random random;
    std::vector<std::byte> bytes;
};

void check_search(Rows& rows, Metric metric, const ScanRows& which, uint32_t k, float radius) {
    const TableSource source = *TableSource::make(rows.table, metric);
    ExactSearch search;
    search.query = rows.draw();
    search.k = k;
    search.radius = radius;
    ScanScratch scratch;
    ScanCounters counters;
    std::vector<Neighbor> found;
    REQUIRE(exact_nearest(source, which, search, scratch, counters, found));
    std::vector<Neighbor> expected = rows.sorted(search.query, metric, which, radius);
    expected.resize(std::min<size_t>(expected.size(), k));
    CHECK(found == expected);
}

} // namespace

TEST_CASE("exact scan: the k nearest by distance, ties by slot, for every element type") {
    constexpr float kNoRadius = std::numeric_limits<float>::infinity();
    for (uint8_t number = 1; is_element(number); ++number) {
        const auto element = static_cast<Element>(number);
        Rows rows(element, 19, 700, 50 + number);
        for (Metric metric : {Metric::kL2, Metric::kDot, Metric::kHamming}) {
            if (!fits(element, metric))
                continue;
            for (uint32_t k : {1U, 10U, 700U, 100'000U})
                check_search(rows, metric, {700}, k, kNoRadius);
            check_search(rows, metric, {0}, 5, kNoRadius);
            check_search(rows, metric, {700}, 700, metric == Metric::kDot ? -40.0F : 7.0F);
        }
    }
}

TEST_CASE("exact scan: filters and rows that may not be read, at any density") {
    Rows rows(Element::kU8, 24, 3000, 61);
    for (uint32_t percent : {0U, 2U, 50U, 95U, 100U}) {
        const States states(3000, 25, rows.random);
        Bitmap allowed(3000);
        for (uint32_t slot = 0; slot < 3000; ++slot) {
            if (rows.random.chance(percent, 100))
                allowed.add(slot);
        }
        const BitmapView view = allowed.view();
        check_search(rows, Metric::kL2, {3000, &view, &states.view}, 30, 1e9F);
        check_search(rows, Metric::kL2, {2990, &view}, 3000, 60);
    }
}

TEST_CASE("exact scan: what cannot be searched for is refused") {
    Rows rows(Element::kF32, 8, 100, 71);
    const TableSource source = *TableSource::make(rows.table, Metric::kL2);
    ScanScratch scratch;
    ScanCounters counters;
    std::vector<Neighbor> found;
    const auto code = [&](const ExactSearch& search) {
        return exact_nearest(source, {100}, search, scratch, counters, found).error().code;
    };
    ExactSearch good;
    good.query = rows.draw();
    good.k = 3;
    ExactSearch search = good;
    search.k = 0;
    CHECK(code(search) == Code::kEINVAL);
    search = good;
    search.radius = std::numeric_limits<float>::quiet_NaN();
    CHECK(code(search) == Code::kEINVAL);
    search = good;
    search.query.dim = 7;
    CHECK(code(search) == Code::kEINVAL);
    search = good;
    search.query.element = Element::kI8;
    CHECK(code(search) == Code::kEINVAL);
    const uint8_t cancelled = 1;
    search = good;
    search.stop.cancel = &cancelled;
    CHECK(code(search) == Code::kECANCELED);
    const float infinite[8] = {0, 0, std::numeric_limits<float>::infinity()};
    search = good;
    search.query.data = reinterpret_cast<const std::byte*>(infinite);
    CHECK(code(search) == Code::kEINVAL);
    CHECK(exact_nearest(source, {100}, good, scratch, counters, found));
}
