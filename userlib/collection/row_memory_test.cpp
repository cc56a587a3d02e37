// SPDX-License-Identifier: Apache-2.0
#include <optional>

#include <doctest/doctest.h>

#include "userlib/collection/row_memory.h"
#include "userlib/collection/row_table.h"
#include "userlib/testing/collection/test_collection.h"

using namespace vexfs;

namespace {

constexpr uint32_t kDim = 32;
constexpr uint64_t kRows = 3000;

std::vector<float> some_rows(uint64_t seed, uint64_t count = kRows) {
    Random random(seed);
    std::vector<float> rows(count * kDim);
    for (float& value : rows)
        value = static_cast<float>(random.normal());
    return rows;
}

Result<PutDone> put(TestCollection& made, uint64_t ino, const std::vector<float>& vectors) {
    return made.rows().put({ino, kAppend, false, 1, 0, {}, as_bytes(vectors)});
}

} // namespace

TEST_CASE("row memory: rows and graph are counted as they grow, and given back") {
    RowMemory::Taken told;
    uint64_t coming = 0;
    RowMemory memory(uint64_t{1} << 30, [&](RowMemory::Taken taken) {
        told = taken;
        coming = std::max(coming, taken.coming);
    });
    std::optional<TestCollection> made(std::in_place, small_schema(kDim), uint64_t{64} << 20,
                                       &memory);
    REQUIRE(made->rows().jobs().pause(0));
    REQUIRE(put(*made, 1030, some_rows(1)));
    const uint64_t rows = memory.bytes();
    CHECK(rows >= kRows * sizeof(RowTable::Slot));
    REQUIRE(made->rows().resume_jobs(0));
    REQUIRE(made->rows().wait_linked({}));
    CHECK(memory.bytes() >= rows + kRows * 128);
    CHECK(memory.bytes() <= made->rows().counts().memory_bytes);
    CHECK(told.bytes == memory.bytes());
    CHECK(coming == 0);
    made->reopen();
    CHECK(memory.bytes() >= rows + kRows * 128);
    CHECK(coming >= kRows * 128); // told before it was there, and then no more
    CHECK(told.coming == 0);
    made.reset();
    CHECK(memory.bytes() == 0);
    CHECK(told.bytes == 0);
}

TEST_CASE("row memory: a table that grows has room for few rows more, and none is moved") {
    constexpr uint32_t kGrowth = 100;
    constexpr size_t kSmallest = 64 * sizeof(RowTable::Slot); // that is taken at once
    RowTable table;
    table.resize(kGrowth);
    const RowTable::Slot* const first = &table.at(0);
    for (uint32_t end = kGrowth; end <= 100 * kGrowth; end += kGrowth) {
        table.resize(end);
        // Sets have four bits a row, and as much to spare.
        CHECK(table.memory_bytes() <= end * (sizeof(RowTable::Slot) + 2) + kSmallest);
    }
    CHECK(&table.at(0) == first);
    CHECK_FALSE(table.live(100 * kGrowth - 1));
    CHECK_FALSE(table.live(100 * kGrowth));
}

TEST_CASE("row memory: where the machine has less nothing is begun, and what there is stays") {
    RowMemory memory(uint64_t{1} << 30, [](RowMemory::Taken) {});
    TestCollection made(small_schema(kDim), uint64_t{64} << 20, &memory);
    REQUIRE(put(made, 1030, some_rows(4)));
    REQUIRE(made.rows().wait_linked({}));
    const uint64_t before = memory.bytes();
    memory.allow(before / 2);
    const Result<PutDone> refused = put(made, 1031, some_rows(5));
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Code::kENOMEM);
    CHECK(memory.bytes() == before);
    CHECK(made.rows().counts().rows == kRows);
    memory.allow(UINT64_MAX);
    CHECK(put(made, 1031, some_rows(5)));
}

TEST_CASE("row memory: a table that grows has few slots to spare") {
    constexpr uint32_t kSlots = 70'000; // a little over a power of two
    RowTable table;
    for (uint32_t end = 100; end <= kSlots; end += 100)
        table.resize(end);
    CHECK(table.memory_bytes() >= kSlots * sizeof(RowTable::Slot));
    CHECK(table.memory_bytes() <= kSlots * (sizeof(RowTable::Slot) + 1) / 16 * 17);
}

TEST_CASE("row memory: without room for a graph rows stay pending, and are found") {
    RowMemory memory(3 * kRows * sizeof(RowTable::Slot), [](RowMemory::Taken) {});
    TestCollection made(small_schema(kDim), uint64_t{64} << 20, &memory);
    const std::vector<float> rows = some_rows(2);
    REQUIRE(put(made, 1030, rows));
    const Status linked = made.rows().wait_linked({});
    REQUIRE_FALSE(linked);
    CHECK(linked.error().code == Code::kENOMEM);
    const RowCounts counts = made.rows().counts();
    CHECK(counts.pending > 0);
    CHECK(counts.rows == kRows);
    // What is linked in one step may be more than there is room for.
    CHECK(memory.bytes() <= memory.bytes_max() + 256 * 1024);
    for (const uint32_t row : {0U, 1500U, 2999U}) {
        const std::vector<float> query(rows.begin() + row * kDim, rows.begin() + (row + 1) * kDim);
        CHECK(made.nearest(query, 1, false) == std::vector<RowId>{{1030, row}});
    }
}

TEST_CASE("row memory: rows that do not fit are refused whole") {
    RowMemory memory(2 * kRows * 128, [](RowMemory::Taken) {});
    TestCollection made(small_schema(kDim), uint64_t{64} << 20, &memory);
    REQUIRE(made.rows().jobs().pause(0));
    REQUIRE(put(made, 1030, some_rows(3)));
    const Result<PutDone> more = put(made, 1031, some_rows(4, 2 * kRows));
    REQUIRE_FALSE(more);
    CHECK(more.error().code == Code::kENOMEM);
    CHECK(made.rows().counts().rows == kRows);
    CHECK(made.rows().rows_of(1031) == 0);
    // Others take their place.
    REQUIRE(made.rows().put({1030, 0, false, 1, 0, {}, as_bytes(some_rows(5, 100))}));
    REQUIRE(made.rows().drop(1030, 0));
    REQUIRE(put(made, 1031, some_rows(4)));
}
