// SPDX-License-Identifier: Apache-2.0
//
// Every relation of the collections is broken once, and the check has to name it, and nothing else.
#include "userlib/collection/check.h"

#include <doctest/doctest.h>

#include "userlib/collection/graph_file.h"
#include "userlib/collection/item.h"
#include "userlib/collection/row_map.h"
#include "userlib/collection/row_record.h"
#include "userlib/testing/collection/test_collection.h"

using namespace vexfs;

namespace {

// Two files, with 300 rows in two pieces and with 3.
void fill(TestCollection& made) {
    const std::vector<float> vectors(300, 1.0F);
    const std::vector<float> few{1, 2, 3};
    REQUIRE(made.rows().put({1030, kAppend, false, 1, 0, {}, as_bytes(vectors)}));
    REQUIRE(made.rows().put({1031, kAppend, false, 1, 0, {}, as_bytes(few)}));
}

// What is found after the damage was done, each once.
void finds(std::vector<std::string> expected,
           const std::function<void(TestCollection& made, Transaction& transaction)>& damage) {
    TestCollection made(small_schema(1));
    fill(made);
    const CollectionsReport before = check_collections(made.store());
    REQUIRE(before.clean());
    CHECK(before.files == 2);
    CHECK(before.rows == 303);
    CHECK(before.objects == std::vector<uint64_t>{kCollectionsOid, 1026, 1027, 1028, 1029});
    Transaction transaction;
    damage(made, transaction);
    REQUIRE(made.store().apply(transaction));
    const CollectionsReport after = check_collections(made.store());
    std::vector<std::string> found;
    for (const CollectionsFinding& finding : after.findings)
        found.emplace_back(finding.error.what);
    CHECK(after.problems == found.size());
    std::ranges::sort(expected);
    std::ranges::sort(found);
    CHECK(found == expected);
    // Damage keeps nobody from opening it.
    made.reopen_all();
}

Key piece(uint64_t ino, uint64_t number) {
    return collection_key(ino, CollectionItem::kRows, number);
}

} // namespace

TEST_CASE("check: a collection that is malformed, or whose objects are not its own") {
    finds({"collection: its item has a version that is not known"},
          [](TestCollection&, Transaction& transaction) {
              transaction.put(collection_key(kCollectionsOid, CollectionItem::kCollection, 1100),
                              Page(80, std::byte{7}));
          });
    finds({"collection: an item of a kind that is not known"},
          [](TestCollection&, Transaction& transaction) {
              transaction.put({kCollectionsOid, 1, 1100, 0}, {});
          });
    finds({"collection: an object is that of another one, too",
           "collection: an object is that of another one, too"},
          [](TestCollection& made, Transaction& transaction) {
              put_collection(transaction, {1100, made.entry().schema, 1026, 1030});
          });
}

TEST_CASE("check: a row map that is malformed, or of a collection that is not there") {
    finds({"row map: a piece is malformed"}, [](TestCollection&, Transaction& transaction) {
        transaction.put(piece(1030, 1), Page(7));
    });
    finds({"row map: a piece is missing"},
          [](TestCollection&, Transaction& transaction) { transaction.erase(piece(1030, 1)); });
    finds({"row map: a piece is malformed"},
          [](TestCollection&, Transaction& transaction) { transaction.erase(piece(1030, 0)); });
    finds({"row map: its collection is not there"}, [](TestCollection&, Transaction& transaction) {
        const std::vector<uint32_t> slots{400};
        put_row_map(transaction, 1040, 9999, slots, 0, 1);
    });
}

TEST_CASE("check: a slot that is none, that two rows have, or that holds another row") {
    finds({"row map: a slot beyond the largest"}, [](TestCollection&, Transaction& transaction) {
        const std::vector<uint32_t> slots{300, uint32_t{1} << 31, 302};
        put_row_map(transaction, 1031, 1025, slots, 0, 3);
    });
    finds({"row map: a slot that another row has, too"},
          [](TestCollection&, Transaction& transaction) {
              const std::vector<uint32_t> slots{300, 5, 302};
              put_row_map(transaction, 1031, 1025, slots, 0, 3);
          });
    finds({"row: what is stored of it is another one's"},
          [](TestCollection&, Transaction& transaction) {
              const std::vector<uint32_t> slots{300, 7000, 302};
              put_row_map(transaction, 1031, 1025, slots, 0, 3);
          });
    finds({"row: what is stored of it is another one's"},
          [](TestCollection&, Transaction& transaction) {
              Page record(kRowRecordBytes);
              encode_row_record({{1031, 2}, {}, 1}, 7, record.data());
              transaction.write(1027, 12 * kRowRecordBytes, record);
          });
}

TEST_CASE("check: a graph whose head or page is malformed, or whose codec is that of another one") {
    const GraphHead head{1, 64, 8, 1000};
    finds({"graph: its head is malformed"}, [](TestCollection&, Transaction& transaction) {
        transaction.put(collection_key(1028, CollectionItem::kGraph), Page(31));
    });
    finds({"codec: the bytes end early"}, [&](TestCollection& made, Transaction&) {
        REQUIRE(GraphFile(made.store(), 1029).write_head(head));
    });
    finds({"codec: the bytes end early", "graph page: generation"},
          [&](TestCollection& made, Transaction&) {
              GraphFile file(made.store(), 1029);
              REQUIRE(file.write_head(head));
              REQUIRE(file.write_page(3, Page(kGraphPageBytes, std::byte{9})));
          });
}

TEST_CASE("check: what a crash leaves is sound, and the next open erases it") {
    TestCollection made(small_schema(1));
    fill(made);
    // A drop that got no farther than its first step, and rows that were never acknowledged.
    Transaction transaction;
    const std::vector<uint32_t> slots{0, 1, 2, 3};
    put_row_map(transaction, 1030, 1025, slots, 3, 4);
    Page record(kRowRecordBytes);
    encode_row_record({{1031, 3}, {}, 1}, 7, record.data());
    transaction.write(1027, 400 * kRowRecordBytes, record);
    transaction.write(1026, 400 * sizeof(float), record);
    REQUIRE(made.store().apply(transaction));
    const CollectionsReport report = check_collections(made.store());
    CHECK(report.clean());
    CHECK(report.leftovers == 1);
    made.reopen();
    CHECK(made.rows().counts().rows == 7);
    CHECK(check_collections(made.store()).leftovers == 0);
    Page after(kRowRecordBytes);
    for (const uint64_t slot : {4, 299, 400}) {
        REQUIRE(made.store().read(1027, slot * kRowRecordBytes, after));
        CHECK(after == Page(kRowRecordBytes));
    }
}
