// SPDX-License-Identifier: Apache-2.0
//
// Space that is given back, and slots that are proved empty.
#include <doctest/doctest.h>

#include "userlib/collection/linker.h"
#include "userlib/testing/collection/test_collection.h"

using namespace vexfs;

namespace {

constexpr uint32_t kDim = 64;
constexpr size_t kVectorBytes = kDim * sizeof(float);

std::vector<float> noise(Random& random, size_t rows) {
    std::vector<float> vectors(rows * kDim);
    for (float& value : vectors)
        value = static_cast<float>(random.normal());
    return vectors;
}

void put(TestCollection& made, uint64_t ino, const std::vector<float>& vectors) {
    REQUIRE(made.rows().put({ino, 0, true, 1, 0, {}, as_bytes(vectors)}));
}

void take_out(TestCollection& made) {
    while (!made.rows().take_out_dead(std::chrono::milliseconds(5)).value())
        ;
}

void compact(TestCollection& made) {
    take_out(made);
    while (const std::optional<uint64_t> ino = made.rows().next_to_move())
        if (!made.rows().move_rows(*ino).value())
            break;
    REQUIRE(made.rows().wait_linked({}));
    take_out(made);
    REQUIRE(made.rows().cut_tail());
    for (uint64_t i = 0; i <= FreeMap::kDeferTxgs; ++i)
        REQUIRE(made.store().commit());
}

uint64_t used_bytes(TestCollection& made) {
    REQUIRE(made.rows().wait_linked({}));
    REQUIRE(made.rows().flush_graph({}));
    for (uint64_t i = 0; i <= FreeMap::kDeferTxgs; ++i)
        REQUIRE(made.store().commit());
    return made.store().usage().used_blocks * kBlockBytes;
}

} // namespace

TEST_CASE("compact: after churn the bytes on the volume are within 1.2 of a fresh collection") {
    constexpr uint64_t kFiles = 300;
    constexpr size_t kRows = 10;
    constexpr int kLeft = 120; // enough for a graph
    Random random(9);
    TestCollection churned(small_schema(kDim), uint64_t{128} << 20);
    // Three turnovers, of which two files in five are left: some in every record of the store.
    for (int turn = 0; turn < 3; ++turn)
        for (uint64_t ino = 0; ino < kFiles; ++ino)
            put(churned, 2000 + ino, noise(random, kRows));
    for (uint64_t ino = 0; ino < kFiles; ++ino)
        if (ino % 5 >= 2)
            REQUIRE(churned.rows().drop(2000 + ino, 0));
    REQUIRE(churned.rows().wait_linked({}));
    const std::vector<float> asked = noise(random, 1);
    const std::vector<RowId> before = churned.nearest(asked, 50);
    const uint64_t scattered = used_bytes(churned);
    compact(churned);
    CHECK(churned.rows().counts().slots == kLeft * kRows);
    CHECK(churned.nearest(asked, 50) == before);
    const uint64_t compacted = used_bytes(churned);

    TestCollection fresh(small_schema(kDim), uint64_t{128} << 20);
    for (uint64_t ino = 0; ino < kLeft; ++ino)
        put(fresh, 2000 + ino, noise(random, kRows));
    const uint64_t least = used_bytes(fresh);
    CAPTURE(scattered);
    CAPTURE(compacted);
    CAPTURE(least);
    CHECK(scattered > compacted);
    CHECK(compacted * 5 <= least * 6);

    // The rows are the same after an open, and so are those of puts into what was cut off.
    churned.reopen();
    CHECK(churned.nearest(asked, 50) == before);
    put(churned, 5000, noise(random, 100));
    CHECK(churned.rows().counts().slots == kLeft * kRows + 100);
    churned.reopen();
    CHECK(churned.rows().rows_of(5000) == 100);
}

TEST_CASE("compact: what is compact is left alone") {
    Random random(10);
    TestCollection made(small_schema(kDim));
    for (uint64_t ino = 1030; ino < 1040; ++ino)
        put(made, ino, noise(random, 10));
    for (uint64_t ino = 1030; ino < 1035; ++ino)
        REQUIRE(made.rows().drop(ino, 0));
    compact(made);
    CHECK(made.rows().counts().slots == 50);
    CHECK_FALSE(made.rows().next_to_move());
    CHECK(made.rows().cut_tail().value() == 0);
}

TEST_CASE("erase: bytes in a slot without a row are found and gone") {
    Random random(11);
    TestCollection made(small_schema(kDim));
    put(made, 1030, noise(random, 20));
    put(made, 1031, noise(random, 5));
    REQUIRE(made.rows().drop(1030, 0));
    uint32_t slot = 0;
    uint64_t erased = 0;
    while (made.rows().sweep(slot, erased).value())
        ;
    CHECK(erased == 0);
    // As if a crash had come between the drop and the zeroing; and bytes behind the last slot.
    const std::vector<float> needle = noise(random, 1);
    for (const uint64_t place : {uint64_t{3}, uint64_t{19}, uint64_t{40}}) {
        Transaction transaction;
        transaction.write(made.entry().vectors_oid, place * kVectorBytes, as_bytes(needle));
        REQUIRE(made.store().apply(transaction));
    }
    slot = 0;
    while (made.rows().sweep(slot, erased).value())
        ;
    CHECK(erased == 2);
    Page bytes(41 * kVectorBytes);
    REQUIRE(made.store().read(made.entry().vectors_oid, 0, bytes));
    for (const uint64_t place : {uint64_t{3}, uint64_t{19}, uint64_t{40}})
        CHECK(all_zero(Bytes(bytes).subspan(place * kVectorBytes, kVectorBytes)));
    CHECK(made.rows().rows_of(1031) == 5);
    CHECK(made.nearest(needle, 5).size() == 5);
}
