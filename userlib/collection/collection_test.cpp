// SPDX-License-Identifier: Apache-2.0
#include "userlib/collection/collection.h"

#include <cmath>

#include <doctest/doctest.h>

#include "userlib/collection/row_map.h"
#include "userlib/testing/collection/test_collection.h"

using namespace vexfs;

TEST_CASE("collection: rows come back as they were put") {
    TestCollection made(small_schema(3));
    Collection& rows = made.rows();
    const std::vector<float> vectors{1, 2, 3, 4, 5, 6};
    const std::vector<RowMeta> metas{{7, 0, 0}, {8, 100, 50}};
    const PutDone done = rows.put({1030, kAppend, false, 5, 0, metas, as_bytes(vectors)}).value();
    CHECK(done.first == 0);
    CHECK(done.total == 2);
    CHECK(rows.rows_of(1030) == 2);
    CHECK(rows.rows_of(1031) == 0);
    std::vector<StoredRow> meta;
    Page bytes;
    REQUIRE(rows.get(1030, 0, 10, &meta, &bytes));
    REQUIRE(meta.size() == 2);
    CHECK(meta[0].meta == metas[0]);
    CHECK(meta[1].meta == metas[1]);
    CHECK(meta[1].data_version == 5);
    CHECK(meta[1].pending);
    CHECK(!meta[1].damaged);
    CHECK(floats_of(bytes) == vectors);
    REQUIRE(rows.get(1030, 1, 1, nullptr, &bytes));
    CHECK(floats_of(bytes) == std::vector<float>{4, 5, 6});
    REQUIRE(rows.get(1030, 2, 1, &meta, &bytes));
    CHECK(meta.empty());
    CHECK(bytes.empty());
}

TEST_CASE("collection: rows are appended, overwritten, truncated and dropped") {
    TestCollection made(small_schema(1));
    Collection& rows = made.rows();
    const auto put = [&](uint32_t first, std::vector<float> vectors, bool truncate = false) {
        return rows.put({1030, first, truncate, 1, 0, {}, as_bytes(vectors)});
    };
    const auto all = [&] {
        Page bytes;
        REQUIRE(rows.get(1030, 0, UINT32_MAX, nullptr, &bytes));
        return floats_of(bytes);
    };
    CHECK(put(0, {1, 2, 3}).value().total == 3);
    CHECK(put(kAppend, {4, 5}).value().first == 3);
    CHECK(put(1, {20, 30}).value().total == 5);
    CHECK(all() == std::vector<float>{1, 20, 30, 4, 5});
    CHECK(put(6, {1}).error().code == Code::kEINVAL);
    CHECK(put(5, {6}).value().total == 6);
    CHECK(put(2, {31}, true).value().total == 3);
    CHECK(all() == std::vector<float>{1, 20, 31});
    CHECK(rows.drop(1030, 2).value() == 1);
    CHECK(rows.drop(1030, 2).value() == 0);
    CHECK(all() == std::vector<float>{1, 20});
    CHECK(made.nearest({20}, 5) == std::vector<RowId>{{1030, 1}, {1030, 0}});
    CHECK(rows.drop(1030, 0).value() == 2);
    CHECK(rows.drop(1030, 0).value() == 0);
    CHECK(rows.counts().files == 0);
    CHECK(rows.counts().rows == 0);
    CHECK(made.nearest({20}, 5).empty());
    made.reopen();
    CHECK(made.rows().counts().rows == 0);
}

TEST_CASE("collection: an open asks for the class of files that have rows, and of no others") {
    TestCollection made(small_schema(1));
    const std::vector<float> vectors{1, 2};
    REQUIRE(made.rows().put({1030, kAppend, false, 1, 0, {}, as_bytes(vectors)}));
    REQUIRE(made.rows().put({1031, kAppend, false, 1, 0, {}, as_bytes(vectors)}));
    // As a crash leaves it between a drop and the erasure of the records.
    Transaction transaction;
    put_row_map(transaction, 1030, made.entry().directory, {}, 0, 0);
    REQUIRE(made.store().apply(transaction));
    std::multiset<uint64_t> asked;
    const auto class_of = [&asked](uint64_t ino) -> Result<std::optional<uint32_t>> {
        asked.insert(ino);
        return std::optional<uint32_t>(0);
    };
    REQUIRE(Collection::open(made.store(), made.entry(), class_of, true));
    CHECK(asked == std::multiset<uint64_t>{1031});
}

TEST_CASE("collection: what is not as the schema says is refused, and nothing has changed") {
    Schema schema = small_schema(2);
    schema.max_rows = 3;
    TestCollection made(schema);
    Collection& rows = made.rows();
    const auto code = [&](const PutRows& put) {
        const Result<PutDone> done = rows.put(put);
        return done ? Code{} : done.error().code;
    };
    const std::vector<float> two{1, 2, 3, 4};
    const std::vector<float> odd{1, 2, 3};
    const std::vector<float> bad{1, 2, NAN, 4};
    const std::vector<float> infinite{1, INFINITY};
    const std::vector<RowMeta> one{{1, 0, 0}};
    const std::vector<RowMeta> no_bytes{{1, 5, 0}, {}};
    const std::vector<RowMeta> behind{{1, uint64_t{1} << 62, uint64_t{1} << 62}, {}};
    CHECK(code({1030, kAppend, false, 1, 0, {}, {}}) == Code::kEINVAL);
    CHECK(code({1030, kAppend, false, 1, 0, {}, as_bytes(odd)}) == Code::kEINVAL);
    CHECK(code({1030, kAppend, false, 1, 0, {}, as_bytes(bad)}) == Code::kEINVAL);
    CHECK(code({1030, kAppend, false, 1, 0, {}, as_bytes(infinite)}) == Code::kEINVAL);
    CHECK(code({1030, kAppend, false, 1, 0, one, as_bytes(two)}) == Code::kEINVAL);
    CHECK(code({1030, kAppend, false, 1, 0, no_bytes, as_bytes(two)}) == Code::kEINVAL);
    CHECK(code({1030, kAppend, false, 1, 0, behind, as_bytes(two)}) == Code::kEINVAL);
    CHECK(code({1030, 1, false, 1, 0, {}, as_bytes(two)}) == Code::kEINVAL);
    CHECK(rows.counts().slots == 0);
    CHECK(code({1030, kAppend, false, 1, 0, {}, as_bytes(two)}) == Code{});
    CHECK(code({1031, kAppend, false, 1, 0, {}, as_bytes(two)}) == Code::kEDQUOT);
    CHECK(code({1030, 0, false, 1, 0, {}, as_bytes(two)}) == Code{});
    CHECK(code({1030, 1, true, 1, 0, {}, as_bytes(two)}) == Code{});
    CHECK(rows.counts().rows == 3);
    Schema more = rows.schema();
    more.max_rows = 5;
    REQUIRE(rows.set_schema(more));
    CHECK(code({1031, kAppend, false, 1, 0, {}, as_bytes(two)}) == Code{});
    more.dim = 3;
    CHECK(rows.set_schema(more).error().code == Code::kEINVAL);
    made.reopen();
    CHECK(made.rows().counts().rows == 5);
    CHECK(made.rows().schema().max_rows == 5);
}

TEST_CASE("collection: equal vectors are answered in the order of their rows") {
    TestCollection made(small_schema(2));
    Collection& rows = made.rows();
    const std::vector<float> same(2 * 50, 1.0F);
    for (const uint64_t ino : {1040, 1030, 1035})
        REQUIRE(rows.put({ino, kAppend, false, 1, 0, {}, as_bytes(same)}));
    const std::vector<RowId> found = made.nearest({1, 1}, 120);
    REQUIRE(found.size() == 120);
    for (uint32_t i = 0; i < 120; ++i)
        CHECK(found[i] == RowId{i < 50 ? 1030U : (i < 100 ? 1035U : 1040U), i % 50});
}

TEST_CASE("collection: a search sees the classes it may, and what the predicate lets pass") {
    TestCollection made(small_schema(1));
    Collection& rows = made.rows();
    for (uint32_t file = 0; file < 6; ++file) {
        const std::vector<float> vectors{static_cast<float>(file), 100.0F + file};
        const std::vector<RowMeta> metas{{file, 0, 0}, {file + 100, 0, 0}};
        REQUIRE(rows.put({1030 + file, kAppend, false, 1, file % 3, metas, as_bytes(vectors)}));
    }
    RowQuery query = made.query({0});
    query.k = 100;
    const std::vector<bool> classes{true, false, true};
    query.classes = &classes;
    std::vector<RowHit> hits;
    RowSearchReport report;
    REQUIRE(rows.search(query, hits, report));
    CHECK(report.visible == 8);
    REQUIRE(hits.size() == 8);
    CHECK(report.short_why == kShortRows);
    for (const RowHit& hit : hits)
        CHECK(hit.id.ino % 3 != 1031 % 3);
    REQUIRE(rows.set_class(1031, 2));
    REQUIRE(rows.search(query, hits, report));
    CHECK(report.visible == 10);

    TagAbove above(100);
    query.predicate = &above;
    REQUIRE(rows.search(query, hits, report));
    REQUIRE(hits.size() == 4); // tags 101 (of the changed class), 102, 103, 105; 104 is hidden
    CHECK(report.tested == 10);
    CHECK(report.passed == 4);
    query.classes = nullptr;
    query.predicate = nullptr;
    query.per_file = true;
    REQUIRE(rows.search(query, hits, report));
    REQUIRE(hits.size() == 6);
    for (const RowHit& hit : hits)
        CHECK(hit.id.row == 0);
    query.per_file = false;
    query.radius = 9;
    REQUIRE(rows.search(query, hits, report));
    CHECK(hits.size() == 4);
    CHECK(report.short_why == kShortRadius);
    CHECK(report.exact);
    query.query.dim = 2;
    CHECK(rows.search(query, hits, report).error().code == Code::kEINVAL);
}

TEST_CASE("collection: a destroyed file takes its rows with it") {
    TestCollection made(small_schema(1));
    const std::vector<float> vectors{1, 2, 3};
    REQUIRE(made.rows().put({1030, kAppend, false, 1, 0, {}, as_bytes(vectors)}));
    REQUIRE(made.rows().put({1031, kAppend, false, 1, 0, {}, as_bytes(vectors)}));
    Transaction transaction;
    transaction.destroy(1030);
    REQUIRE(made.store().apply(transaction));
    REQUIRE(made.rows().file_gone(1030));
    made.forget_file(1030);
    CHECK(made.nearest({1}, 9).size() == 3);
    made.reopen();
    CHECK(made.nearest({1}, 9).size() == 3);
    CHECK(made.rows().rows_of(1030) == 0);
}

TEST_CASE("collection: the bytes of removed rows are gone from the objects") {
    TestCollection made(small_schema(4));
    const std::vector<float> vectors(4 * 600, 3.0F);
    REQUIRE(made.rows().put({1030, kAppend, false, 1, 0, {}, as_bytes(vectors)}));
    REQUIRE(made.rows().drop(1030, 0));
    CHECK(made.store().records(made.entry().vectors_oid, 0, UINT64_MAX, 9).value().empty());
    CHECK(made.store().records(made.entry().rows_oid, 0, UINT64_MAX, 9).value().empty());
    CHECK(made.store().list({1030, 0, 0, 0}, {1031, 0, 0, 0}, 9).value().empty());
}

TEST_CASE("collection: vectors are stored as narrow as they are, or as the schema says") {
    constexpr uint32_t kDim = 64;
    constexpr uint32_t kRows = 4000;
    TestCollection made(small_schema(kDim));
    Schema schema = made.rows().schema();
    std::vector<float> vectors;
    for (uint32_t i = 0; i < kRows * kDim; ++i)
        vectors.push_back(static_cast<float>(i * 2654435761U >> 25)); // 0 to 127
    const uint64_t raw = vectors.size() * sizeof(float);
    const auto store_all = [&](CompressKind kind) {
        schema.compress = static_cast<uint16_t>(kind);
        REQUIRE(made.rows().set_schema(schema));
        REQUIRE(made.rows().put({1030, 0, true, 1, 0, {}, as_bytes(vectors)}));
        REQUIRE(made.store().commit());
        CHECK(made.rows().schema().compress == schema.compress);
        const uint64_t bytes = made.rows().on_disk().value().vector_bytes;
        made.reopen();
        Page read;
        REQUIRE(made.rows().get(1030, 0, kRows, nullptr, &read));
        CHECK(floats_of(read) == vectors);
        RowQuery query;
        query.query = {index::Element::kF32, kDim, as_bytes(vectors).data()};
        query.k = 1;
        std::vector<RowHit> hits;
        RowSearchReport report;
        REQUIRE(made.rows().search(query, hits, report));
        REQUIRE(hits.size() == 1);
        CHECK(hits[0].id.row == 0);
        CHECK(hits[0].distance == 0);
        // Rows that were overwritten leave slots behind them that are zero and take no space.
        return static_cast<double>(bytes) / static_cast<double>(raw);
    };
    CHECK(store_all(CompressKind::kNone) >= 0.98);
    CHECK(store_all(CompressKind::kAuto) <= 0.55);
    CHECK(store_all(CompressKind::kZstd) <= 0.45);
    vectors[5] = 0.1F; // its record alone is wide
    CHECK(store_all(CompressKind::kAuto) <= 0.60);
    CHECK(made.rows().on_disk().value().record_bytes > 0);
}
