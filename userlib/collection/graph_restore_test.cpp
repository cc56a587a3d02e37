// SPDX-License-Identifier: Apache-2.0
//
// What an open makes of a stored graph: the same neighbours without linking, and after a crash,
// damage or a change of codes nothing worse than rows that are pending.
#include <set>
#include <thread>

#include <doctest/doctest.h>

#include "index/codec/train.h"
#include "userlib/collection/check.h"
#include "userlib/collection/graph_file.h"
#include "userlib/collection/graph_page.h"
#include "userlib/store/record.h"
#include "userlib/testing/collection/test_collection.h"

using namespace vexfs;

namespace {

constexpr uint32_t kDim = 32;
constexpr uint64_t kVolumeBytes = uint64_t{256} << 20;

std::vector<float> clustered(size_t count, uint64_t seed) {
    Random centres(1);
    std::vector<float> centre(size_t{40} * kDim);
    for (float& value : centre)
        value = static_cast<float>(centres.normal()) * 4;
    Random random(seed);
    std::vector<float> rows;
    for (size_t i = 0; i < count; ++i) {
        const size_t which = random.below(40);
        for (size_t j = 0; j < kDim; ++j)
            rows.push_back(centre[which * kDim + j] + static_cast<float>(random.normal()));
    }
    return rows;
}

void put(TestCollection& made, uint64_t ino, const std::vector<float>& vectors,
         uint32_t first = kAppend) {
    REQUIRE(made.rows().put({ino, first, false, 1, 0, {}, as_bytes(vectors)}));
}

void link_and_flush(TestCollection& made) {
    REQUIRE(made.rows().wait_linked({}));
    REQUIRE(made.rows().flush_graph({}));
}

std::vector<std::vector<RowId>> answers(TestCollection& made, const std::vector<float>& queries,
                                        bool exact = false) {
    std::vector<std::vector<RowId>> all;
    for (size_t i = 0; i < queries.size(); i += kDim)
        all.push_back(made.nearest({queries.data() + i, queries.data() + i + kDim}, 10, exact));
    return all;
}

double recall(TestCollection& made, const std::vector<float>& queries) {
    const auto found = answers(made, queries);
    const auto wanted = answers(made, queries, true);
    size_t hits = 0;
    for (size_t i = 0; i < found.size(); ++i) {
        const std::set<RowId> ids(found[i].begin(), found[i].end());
        REQUIRE(ids.size() == 10);
        for (const RowId& id : wanted[i])
            hits += ids.count(id);
    }
    return static_cast<double>(hits) / static_cast<double>(10 * found.size());
}

void take_out_dead(TestCollection& made) {
    while (!made.rows().take_out_dead(std::chrono::milliseconds(5)).value())
        ;
}

void sweep(TestCollection& made) {
    uint32_t slot = 0;
    uint64_t erased = 0;
    while (made.rows().sweep(slot, erased).value())
        ;
}

// Since the open.
uint64_t linked_again(TestCollection& made) {
    uint64_t rows = 0;
    for (const JobRecord& job : made.rows().jobs().list())
        rows += job.kind == JobKind::kLink ? job.done : 0;
    return rows;
}

// The first block of each record of an object.
std::vector<uint64_t> blocks_of(Store& store, uint64_t oid) {
    const auto type = static_cast<uint8_t>(ItemType::kRecord);
    std::vector<uint64_t> blocks;
    for (const StoreItem& item :
         store.list({oid, type, 0, 0}, {oid, type + 1, 0, 0}, 10'000).value()) {
        const RecordItem record = decode_record(item.value, store.layout()).value();
        if (record.head.kind == RecordHead::kStored)
            blocks.push_back(record.segments[0].first());
    }
    return blocks;
}

// Which of the two objects has the graph.
uint64_t graph_oid(TestCollection& made) {
    std::vector<uint64_t> oids;
    for (const uint64_t oid : made.entry().graph_oids)
        if (GraphFile(made.store(), oid).read_head().value())
            oids.push_back(oid);
    REQUIRE(oids.size() == 1);
    return oids[0];
}

// Rows that an open would find linked.
uint64_t stored_rows(TestCollection& made) {
    const GraphFile file(made.store(), graph_oid(made));
    const GraphHead head = *file.read_head().value();
    Page bytes(kGraphPageBytes);
    uint64_t rows = 0;
    for (const uint32_t number : file.pages().value()) {
        REQUIRE(file.read_page(number, bytes).value());
        const GraphPage page =
            GraphPage::parse(bytes, head.code_bytes, head.generation, number).value();
        for (uint32_t i = 0; i < page.rows(); ++i)
            rows += page.kind(i) != GraphRowKind::kNone ? 1 : 0;
    }
    return rows;
}

} // namespace

TEST_CASE("graph restore: after an open the same neighbours are found and nothing is pending") {
    TestCollection made(small_schema(kDim), kVolumeBytes);
    const std::vector<float> queries = clustered(50, 9);
    put(made, 1030, clustered(4000, 2));
    const std::vector<float> one = clustered(1, 3);
    std::vector<float> copies;
    for (int i = 0; i < 300; ++i)
        copies.insert(copies.end(), one.begin(), one.end());
    put(made, 1031, copies);
    link_and_flush(made);
    const auto before = answers(made, queries);
    made.reopen();
    const RowCounts counts = made.rows().counts();
    CHECK(counts.pending == 0);
    CHECK(counts.dead == 0);
    CHECK(counts.rows == 4300);
    CHECK(counts.trained_rows > 0);
    CHECK(answers(made, queries) == before);
    CHECK(check_collections(made.store()).clean());
    CHECK(made.volume().check().clean());
}

TEST_CASE("graph restore: rows changed since are linked again, those removed are in no answer") {
    TestCollection made(small_schema(kDim), kVolumeBytes);
    const std::vector<float> queries = clustered(50, 9);
    put(made, 1030, clustered(3000, 2));
    put(made, 1031, clustered(500, 3));
    link_and_flush(made);
    REQUIRE(made.store().commit());
    // None of this gets into the graph on the disk.
    put(made, 1030, clustered(200, 4), 100);
    put(made, 1032, clustered(100, 5));
    REQUIRE(made.rows().drop(1031, 100));
    REQUIRE(made.store().sync());
    made.crash();
    CHECK(made.rows().counts().rows == 3200);
    CHECK(made.rows().counts().pending <= 300);
    for (const auto& answer : answers(made, queries))
        for (const RowId& id : answer)
            CHECK((id.ino != 1031 || id.row < 100));
    REQUIRE(made.rows().wait_linked({}));
    CHECK(made.rows().counts().pending == 0);
    CHECK(recall(made, queries) >= 0.95);
    REQUIRE(made.rows().flush_graph({}));
    made.reopen();
    CHECK(made.rows().counts().pending == 0);
    CHECK(recall(made, queries) >= 0.95);
}

TEST_CASE("graph restore: slots that came to hold other vectors are not taken for the former") {
    TestCollection made(small_schema(kDim), kVolumeBytes);
    const std::vector<float> queries = clustered(50, 9);
    put(made, 1030, clustered(4000, 2));
    link_and_flush(made);
    REQUIRE(made.store().commit());
    // All slots are of other rows, and the graph on the disk knows nothing of it.
    REQUIRE(made.rows().drop(1030, 0));
    while (made.rows().counts().dead > 0)
        std::this_thread::yield();
    put(made, 1031, clustered(4000, 7));
    CHECK(made.rows().counts().slots <= 4000);
    REQUIRE(made.store().sync());
    made.crash();
    CHECK(made.rows().counts().rows == 4000);
    REQUIRE(made.rows().wait_linked({}));
    CHECK(recall(made, queries) >= 0.95);
    for (const auto& answer : answers(made, queries))
        for (const RowId& id : answer)
            CHECK(id.ino == 1031);
}

TEST_CASE("graph restore: codes that were learned anew come back as such, and alone") {
    TestCollection made(small_schema(kDim), kVolumeBytes);
    const std::vector<float> queries = clustered(50, 9);
    put(made, 1030, clustered(1000, 2));
    link_and_flush(made);
    const uint64_t first = graph_oid(made);
    put(made, 1031, clustered(7500, 3));
    while (made.rows().counts().trained_rows == 1000)
        std::this_thread::yield();
    link_and_flush(made);
    const uint64_t second = graph_oid(made);
    CHECK(second != first);
    CHECK(made.store().records(first, 0, UINT64_MAX, 1).value().empty());
    made.reopen();
    CHECK(made.rows().counts().pending == 0);
    CHECK(made.rows().counts().trained_rows == 8500);
    CHECK(graph_oid(made) == second);
    CHECK(recall(made, queries) >= 0.95);
}

TEST_CASE("graph restore: a malformed head, codec or page costs rows that are linked again") {
    TestCollection made(small_schema(kDim), kVolumeBytes);
    const std::vector<float> queries = clustered(30, 9);
    put(made, 1030, clustered(2000, 2));
    link_and_flush(made);
    GraphFile file(made.store(), graph_oid(made));
    const GraphHead head = *file.read_head().value();
    SUBCASE("head: of a version that is not known") {
        Transaction transaction;
        transaction.put({graph_oid(made), 18, 0, 0}, Page(32, std::byte{7}));
        REQUIRE(made.store().apply(transaction));
    }
    SUBCASE("head: of another generation than its codec") {
        GraphHead other = head;
        ++other.generation;
        REQUIRE(file.write_head(other));
    }
    SUBCASE("head: longer codes") {
        GraphHead other = head;
        other.code_bytes += 64;
        REQUIRE(file.write_head(other));
    }
    SUBCASE("codec") {
        Transaction transaction;
        transaction.write(graph_oid(made), 100, Page(1, std::byte{0xff}));
        transaction.write(graph_oid(made), 101, Page(1, std::byte{0x01}));
        REQUIRE(made.store().apply(transaction));
    }
    SUBCASE("one page of bytes without a sense") {
        REQUIRE(file.write_page(1, Page(kGraphPageBytes, std::byte{0x5a})));
    }
    REQUIRE(made.rows().counts().pending == 0);
    made.reopen();
    CHECK(made.rows().counts().rows == 2000);
    for (const auto& answer : answers(made, queries))
        CHECK(answer.size() == 10);
    REQUIRE(made.rows().wait_linked({}));
    CHECK(made.rows().counts().pending == 0);
    CHECK(recall(made, queries) >= 0.95);
    REQUIRE(made.rows().flush_graph({}));
    made.reopen();
    CHECK(made.rows().counts().pending == 0);
}

TEST_CASE("graph restore: a bit flipped in any record of it costs rows that are linked again") {
    TestCollection made(small_schema(kDim), kVolumeBytes);
    const std::vector<float> queries = clustered(30, 9);
    put(made, 1030, clustered(2000, 2));
    link_and_flush(made);
    REQUIRE(made.store().commit());
    const GraphHead head = *GraphFile(made.store(), graph_oid(made)).read_head().value();
    const size_t records = blocks_of(made.store(), graph_oid(made)).size();
    REQUIRE(records > 2000 / graph_page_rows(head.code_bytes));
    for (size_t i = 0; i < records; ++i) {
        CAPTURE(i);
        const std::vector<uint64_t> blocks = blocks_of(made.store(), graph_oid(made));
        REQUIRE(i < blocks.size());
        made.volume().device_bytes()[blocks[i] * kBlockBytes + 777] ^= std::byte{4};
        made.crash();
        CHECK(made.rows().counts().rows == 2000);
        for (const auto& answer : answers(made, queries))
            CHECK(answer.size() == 10);
        CHECK(recall(made, queries) >= 0.95);
        REQUIRE(made.rows().wait_linked({}));
        CHECK(recall(made, queries) >= 0.95);
        const uint64_t linked = linked_again(made);
        CHECK(linked > 0);
        CHECK(linked <= 2 * graph_page_rows(head.code_bytes));
        REQUIRE(made.rows().flush_graph({}));
        REQUIRE(made.store().commit());
        CHECK(check_collections(made.store()).clean());
    }
    made.crash();
    CHECK(made.rows().counts().pending == 0);
}

TEST_CASE("graph restore: pages behind the rows, left by a crash, are none after a sweep") {
    TestCollection made(small_schema(kDim), kVolumeBytes);
    put(made, 1030, clustered(5000, 2));
    link_and_flush(made);
    REQUIRE(made.store().commit());
    const uint32_t page_rows =
        graph_page_rows(GraphFile(made.store(), graph_oid(made)).read_head().value()->code_bytes);
    REQUIRE(made.rows().drop(1030, 1500));
    take_out_dead(made);
    REQUIRE(made.rows().cut_tail().value() == 3500);
    REQUIRE(made.store().sync());
    made.crash();
    REQUIRE(GraphFile(made.store(), graph_oid(made)).pages().value().back() == 4999 / page_rows);
    CHECK(made.rows().counts().rows == 1500);
    CHECK(linked_again(made) == 0);
    take_out_dead(made);
    sweep(made);
    CHECK(GraphFile(made.store(), graph_oid(made)).pages().value().back() == 1499 / page_rows);
    made.reopen();
    CHECK(made.rows().counts().pending == 0);
    CHECK(made.rows().counts().dead == 0);
    CHECK(recall(made, clustered(50, 9)) >= 0.95);
}

TEST_CASE("graph restore: of one that cannot be used nothing is left after a sweep") {
    TestCollection made(small_schema(kDim), kVolumeBytes);
    put(made, 1030, clustered(1500, 2));
    link_and_flush(made);
    const uint64_t oid = graph_oid(made);
    GraphHead head = *GraphFile(made.store(), oid).read_head().value();
    ++head.generation;
    REQUIRE(GraphFile(made.store(), oid).write_head(head));
    REQUIRE(made.rows().drop(1030, 100)); // too few for another one
    REQUIRE(made.store().commit());
    made.crash();
    CHECK(made.rows().counts().pending == 100);
    REQUIRE(!made.store().records(oid, 0, UINT64_MAX, 1).value().empty());
    sweep(made);
    CHECK(made.store().records(oid, 0, UINT64_MAX, 1).value().empty());
    CHECK(check_collections(made.store()).clean());
}

TEST_CASE("graph restore: the codec of codes of single bits, the longest there is, is read back") {
    TestCollection made(small_schema(kDim), kVolumeBytes);
    const std::vector<float> rows = clustered(1000, 2);
    const index::TrainingTable table{index::Element::kF32,  index::Metric::kL2,   kDim,
                                     as_bytes(rows).data(), kDim * sizeof(float), 1000};
    index::TrainOptions options;
    options.generation = 1;
    options.kind = index::CodecKind::kLearned;
    options.bits = 1;
    const index::TrainedCodec trained = index::train_codec(table, options).value();
    GraphFile file(made.store(), made.entry().graph_oids[1]);
    GraphHead head;
    REQUIRE(file.write_codec(trained.codec.parameters(), head));
    CHECK(file.read_codec(head, kDim).value().shape.bits == 1);
    CHECK(!file.read_codec(head, kDim / 2));
}

TEST_CASE("graph restore: pages of different ages make a graph in which every row is found") {
    TestCollection made(small_schema(kDim), kVolumeBytes);
    const std::vector<float> queries = clustered(50, 9);
    put(made, 1030, clustered(3000, 2));
    link_and_flush(made);
    GraphFile file(made.store(), graph_oid(made));
    const GraphHead head = *file.read_head().value();
    const std::vector<uint32_t> old_pages = file.pages().value();
    std::vector<Page> old;
    for (const uint32_t page : old_pages) {
        old.emplace_back(kGraphPageBytes);
        REQUIRE(file.read_page(page, old.back()));
    }
    put(made, 1031, clustered(3000, 3));
    link_and_flush(made);
    // The first rows know nothing of the later ones.
    for (size_t i = 0; i + 1 < old.size(); ++i)
        REQUIRE(file.write_page(old_pages[i], old[i]));
    made.reopen();
    CHECK(made.rows().counts().rows == 6000);
    CHECK(made.rows().counts().pending < 300);
    MESSAGE("pending ", made.rows().counts().pending, ", recall ", recall(made, queries));
    CHECK(recall(made, queries) >= 0.95);
    CHECK(head.generation == 1);
}

TEST_CASE("graph restore: many rows that are pending are linked in haste, and once more") {
    TestCollection made(small_schema(kDim), kVolumeBytes);
    const std::vector<float> queries = clustered(50, 9);
    put(made, 1030, clustered(6000, 2));
    link_and_flush(made);
    REQUIRE(made.rows().jobs().pause(0));
    put(made, 1031, clustered(1200, 3));
    const std::vector<float> one = clustered(1, 4);
    for (int i = 0; i < 20; ++i)
        put(made, 1032, one);
    made.reopen();
    // Whatever it is about right now: all rows are found, and no row is called linked too early.
    const double meanwhile = recall(made, queries);
    CHECK(meanwhile >= 0.9);
    REQUIRE(made.rows().wait_linked({}));
    CHECK(made.rows().counts().pending == 0);
    CHECK(linked_again(made) == 1220);
    CHECK(answers(made, one)[0].size() == 10);
    CHECK(answers(made, one) == answers(made, one, true));
    const double haste = recall(made, queries);

    TestCollection normal(small_schema(kDim), kVolumeBytes);
    put(normal, 1030, clustered(6000, 2));
    REQUIRE(normal.rows().wait_linked({}));
    put(normal, 1031, clustered(1200, 3));
    for (int i = 0; i < 20; ++i)
        put(normal, 1032, one);
    REQUIRE(normal.rows().wait_linked({}));
    MESSAGE("recall ", meanwhile, ", then ", haste, ", of ", recall(normal, queries));
    CHECK(haste >= recall(normal, queries) - 0.01);

    // It is on the disk as any other.
    made.reopen();
    CHECK(made.rows().counts().pending == 0);
    CHECK(recall(made, queries) == haste);
    CHECK(check_collections(made.store()).clean());
}

TEST_CASE("graph restore: rows that were linked in haste are pending after a stop") {
    TestCollection made(small_schema(kDim), kVolumeBytes);
    put(made, 1030, clustered(6000, 2));
    link_and_flush(made);
    REQUIRE(made.rows().jobs().pause(0));
    put(made, 1031, clustered(1400, 3));
    // At any moment of its work, so that some rows are neither pending nor linked for good.
    for (const uint64_t left : {1400, 1300, 900, 400, 100}) {
        made.reopen();
        while (made.rows().counts().pending > left)
            std::this_thread::yield();
        REQUIRE(made.rows().jobs().pause(0));
        REQUIRE(made.rows().flush_graph({}));
        CHECK(made.rows().counts().rows == 7400);
        CHECK(stored_rows(made) == 7400 - made.rows().counts().pending);
    }
    made.reopen();
    REQUIRE(made.rows().wait_linked({}));
    CHECK(made.rows().counts().pending == 0);
    CHECK(recall(made, clustered(50, 9)) >= 0.95);
}

TEST_CASE("graph restore: a volume without graphs opens, and an erased collection leaves nothing") {
    TestCollection made(small_schema(kDim), kVolumeBytes);
    put(made, 1030, clustered(2000, 2));
    link_and_flush(made);
    const CollectionEntry entry = made.entry();
    made.rows().give_up_graph();
    Transaction transaction;
    erase_collection(transaction, entry);
    transaction.destroy(1030);
    REQUIRE(made.store().apply(transaction));
    CHECK(made.volume().check().clean());
    for (const uint64_t oid : entry.objects())
        CHECK(made.store().records(oid, 0, UINT64_MAX, 1).value().empty());
    for (const uint64_t oid : entry.graph_oids)
        CHECK(!GraphFile(made.store(), oid).read_head().value());
}
