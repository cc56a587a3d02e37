// SPDX-License-Identifier: Apache-2.0
#include "index/flat/code_scan.h"

#include <doctest/doctest.h>

#include "base/random.h"
#include "index/kernels/page_array.h"

using namespace vexfs;
using namespace vexfs::index;

namespace {

constexpr uint32_t kRows = kRowsPerPage + 500; // crosses a page

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

// Random records of a shape, and a random query.
struct Records {
    Records(CodeShape of, uint64_t seed) : shape(of), records(of.record_bytes), random(seed) {
        for (uint32_t slot = 0; slot < kRows; ++slot) {
            REQUIRE(records.ensure(slot));
            auto* record = records.row_as<uint8_t>(slot);
            for (uint32_t i = 0; i < shape.record_bytes; ++i)
                record[i] = static_cast<uint8_t>(random.next());
            // Few different biases make equal distances likely once the products are equal, too.
            set_code_bias(shape, record, static_cast<int32_t>(random.below(100)));
            if (slot % 5 == 4)
                std::copy_n(records.row_as<uint8_t>(slot - 1), shape.record_bytes, record);
        }
        // A query is zero where a record has its bias.
        for (uint32_t i = 0; i < code_query_bytes(shape); ++i) {
            const uint32_t of_record = shape.bits == 1    ? i / 8
                                       : shape.bits == 16 ? i / 2
                                                          : i % shape.record_bytes;
            if (of_record < shape.record_bytes - kCodeBiasBytes)
                query[i] = static_cast<int8_t>(static_cast<int>(random.below(255)) - 127);
        }
    }

    // By definition: all selected rows, sorted.
    [[nodiscard]] std::vector<uint64_t> sorted(const ScanRows& rows) const {
        std::vector<uint64_t> keys;
        for (uint32_t slot = 0; slot < rows.size; ++slot) {
            if (rows.allowed != nullptr && !rows.allowed->contains(slot))
                continue;
            if (rows.states != nullptr && !is_readable(*rows.states, slot))
                continue;
            keys.push_back(
                key_of(code_distance(shape, records.row_as<uint8_t>(slot), query), slot));
        }
        std::sort(keys.begin(), keys.end());
        return keys;
    }

    CodeShape shape;
    PageArray records;
    Random random;
    alignas(64) int8_t query[2048] = {};
};

void check_scan(Records& records, const ScanRows& rows, uint32_t wanted) {
    std::vector<uint64_t> expected = records.sorted(rows);
    const size_t selected = expected.size();
    expected.resize(std::min<size_t>(selected, wanted));
    for (Isa isa : kAllIsas) {
        if (!is_supported(isa))
            continue;
        ScanScratch scratch;
        ScanCounters counters;
        const CodeScan scan(records.shape, records.records.directory<uint8_t>(), isa);
        const auto found = scan.nearest(rows, records.query, wanted, {}, scratch, counters);
        REQUIRE(found);
        CHECK(std::equal(found->begin(), found->end(), expected.begin(), expected.end()));
        CHECK(counters.distances >= selected);
        CHECK(counters.distances <= rows.size);
        CHECK(counters.bytes == counters.distances * records.shape.record_bytes);
    }
}

} // namespace

TEST_CASE("code scan: the answer is that of sorting all rows by distance and slot") {
    for (CodeShape shape :
         {CodeShape{64, 8}, CodeShape{128, 8}, CodeShape{64, 4}, CodeShape{320, 4},
          CodeShape{64, 1}, CodeShape{192, 1}, CodeShape{256, 16}}) {
        Records records(shape, 41);
        for (uint32_t size : {0U, 1U, 63U, 64U, 65U, 1000U, kRows}) {
            for (uint32_t wanted : {1U, 14U, 300U})
                check_scan(records, {size}, wanted);
        }
        check_scan(records, {1000}, 1000);
        check_scan(records, {1000}, UINT32_MAX);
    }
}

TEST_CASE("code scan: only allowed rows that may be read are found, at any density") {
    Records records({128, 8}, 42);
    for (uint32_t per_mille : {0U, 1U, 100U, 500U, 900U, 1000U}) {
        for (uint32_t hidden_per_mille : {0U, 50U, 1000U}) {
            const States states(kRows, hidden_per_mille, records.random);
            Bitmap allowed(kRows);
            for (uint32_t slot = 0; slot < kRows; ++slot) {
                if (records.random.chance(per_mille, 1000))
                    allowed.add(slot);
            }
            const BitmapView view = allowed.view();
            check_scan(records, {kRows, &view, &states.view}, 20);
            check_scan(records, {kRows - 31, &view}, 20);
            check_scan(records, {kRows, nullptr, &states.view}, 20);
        }
    }
}

TEST_CASE("code scan: no row of a page without states is read") {
    Records records({64, 8}, 45);
    const States states(100, 0, records.random);
    check_scan(records, {kRows, nullptr, &states.view}, 200);
}

TEST_CASE("code scan: a list of slots gives the same as a bitmap of them") {
    Records records({128, 8}, 43);
    Bitmap allowed(kRows);
    std::vector<uint32_t> slots;
    for (uint32_t slot = 0; slot < kRows; ++slot) {
        if (records.random.chance(1, 30)) {
            allowed.add(slot);
            slots.push_back(slot);
        }
    }
    records.random.shuffle(std::span(slots));
    const BitmapView view = allowed.view();
    ScanScratch one, other;
    ScanCounters counters;
    const CodeScan scan(records.shape, records.records.directory<uint8_t>());
    const auto by_list = scan.nearest(slots, records.query, 50, {}, one, counters);
    const auto by_bitmap =
        scan.nearest(ScanRows{kRows, &view}, records.query, 50, {}, other, counters);
    REQUIRE(by_list);
    REQUIRE(by_bitmap);
    CHECK(by_list->size() == 50);
    CHECK(std::equal(by_list->begin(), by_list->end(), by_bitmap->begin(), by_bitmap->end()));
}

TEST_CASE("code scan: queries of a batch find what each of them finds alone") {
    for (CodeShape shape :
         {CodeShape{64, 8}, CodeShape{128, 4}, CodeShape{128, 1}, CodeShape{128, 16}}) {
        Records records(shape, 46);
        const uint32_t query_bytes = code_query_bytes(shape);
        std::vector<int8_t> storage(kBatchQueries * size_t{query_bytes} + 64);
        auto* bytes = storage.data() + 64 - reinterpret_cast<uintptr_t>(storage.data()) % 64;
        std::vector<const int8_t*> queries;
        for (uint32_t q = 0; q < kBatchQueries; ++q) {
            int8_t* query = bytes + size_t{q} * query_bytes;
            std::copy_n(records.query, query_bytes, query);
            std::swap(query[q], query[q + 20]);
            queries.push_back(query);
        }
        const States states(kRows, 50, records.random);
        Bitmap allowed(kRows);
        for (uint32_t slot = 0; slot < kRows; slot += 1 + records.random.below(3))
            allowed.add(slot);
        const BitmapView view = allowed.view();
        for (const ScanRows& rows : {ScanRows{0}, ScanRows{65}, ScanRows{2000, &view},
                                     ScanRows{kRows, &view, &states.view}}) {
            for (uint32_t count : {1U, 5U, kBatchQueries}) {
                for (uint32_t wanted : {1U, 14U, 300U}) {
                    if (rows.size == kRows && (count != 5 || wanted != 14))
                        continue; // all rows once are enough
                    for (Isa isa : kAllIsas) {
                        if (!is_supported(isa))
                            continue;
                        const CodeScan scan(shape, records.records.directory<uint8_t>(), isa);
                        BatchScanScratch scratch;
                        ScanCounters batch_counters;
                        std::vector<NearestRows> nearest(count);
                        REQUIRE(scan.nearest_of_each(rows, std::span(queries).first(count), wanted,
                                                     {}, scratch, batch_counters, nearest));
                        for (uint32_t q = 0; q < count; ++q) {
                            ScanScratch one;
                            ScanCounters counters;
                            const auto alone =
                                scan.nearest(rows, queries[q], wanted, {}, one, counters);
                            REQUIRE(alone);
                            CHECK(std::equal(alone->begin(), alone->end(), nearest[q].begin(),
                                             nearest[q].end()));
                        }
                        CHECK(batch_counters.distances ==
                              batch_counters.bytes / shape.record_bytes * count);
                    }
                }
            }
        }
    }
}

TEST_CASE("code scan: wanting nothing, a cancelled scan and a passed deadline are errors") {
    Records records({64, 8}, 44);
    ScanScratch scratch;
    ScanCounters counters;
    const CodeScan scan(records.shape, records.records.directory<uint8_t>());
    const auto code = [&](uint32_t wanted, const ScanStop& stop) {
        return scan.nearest(ScanRows{kRows}, records.query, wanted, stop, scratch, counters)
            .error()
            .code;
    };
    CHECK(code(0, {}) == Code::kEINVAL);
    const uint8_t cancelled = 1;
    CHECK(code(10, {&cancelled}) == Code::kECANCELED);
    CHECK(code(10, {nullptr, 1}) == Code::kETIMEDOUT);
    const uint8_t running = 0;
    CHECK(
        scan.nearest(ScanRows{kRows}, records.query, 10, {&running, INT64_MAX}, scratch, counters));
}
