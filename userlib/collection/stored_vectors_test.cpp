// SPDX-License-Identifier: Apache-2.0
//
// Where the vectors come from that are got, searched and ranked: from the store's pool, in which
// they lie as they do on the disk.
#include "userlib/collection/stored_vectors.h"

#include <algorithm>
#include <set>
#include <thread>

#include <doctest/doctest.h>

#include "userlib/store/record.h"
#include "userlib/testing/collection/test_collection.h"

using namespace vexfs;

namespace {

constexpr uint32_t kDim = 64;
constexpr uint32_t kRows = 3000;
constexpr uint64_t kVolumeBytes = uint64_t{128} << 20;

// Integers, of which bfloat16 holds each.
std::vector<float> integers(size_t rows, uint64_t seed) {
    Random random(seed);
    std::vector<float> vectors(rows * kDim);
    for (float& value : vectors)
        value = static_cast<float>(random.below(100));
    return vectors;
}

// The blocks of V.
std::vector<uint64_t> blocks_of(Store& store, uint64_t oid) {
    const auto type = static_cast<uint8_t>(ItemType::kRecord);
    std::vector<uint64_t> blocks;
    for (const StoreItem& item :
         store.list({oid, type, 0, 0}, {oid, type + 1, 0, 0}, 10'000).value())
        for (const Segment segment : decode_record(item.value, store.layout()).value().segments)
            for (uint32_t i = 0; i < segment.count(); ++i)
                blocks.push_back(segment.first() + i);
    return blocks;
}

struct Linked {
    explicit Linked(CompressKind compress) : made(schema_of(compress), kVolumeBytes) {
        REQUIRE(made.rows().put({100, kAppend, false, 1, 0, {}, as_bytes(vectors)}));
        REQUIRE(made.rows().wait_linked({}));
        made.reopen();
    }
    static Schema schema_of(CompressKind compress) {
        Schema schema = small_schema(kDim);
        schema.compress = static_cast<uint16_t>(compress);
        return schema;
    }
    [[nodiscard]] Page get() {
        Page got;
        REQUIRE(made.rows().get(100, 0, kRows, nullptr, &got));
        return got;
    }
    // Waits for what the open reads ahead, and empties the cache.
    void go_cold(size_t blocks) {
        Store& store = made.store();
        const size_t budget = store.cache_bytes();
        while (store.cache_counts().stored.blocks < blocks)
            std::this_thread::yield();
        store.set_cache_bytes(0);
        store.set_cache_bytes(budget);
    }
    // Looks for row after row, each of which has to be found first.
    BlockCounts search(bool exact) {
        BlockCounts counts;
        for (uint32_t row = 0; row < kRows; row += 151) {
            const auto at = vectors.begin() + row * kDim;
            const std::vector<float> vector(at, at + kDim);
            RowQuery query = made.query(vector);
            query.exact = exact;
            std::vector<RowHit> hits;
            RowSearchReport report;
            REQUIRE(made.rows().search(query, hits, report));
            CHECK((report.plan == index::Plan::kExact) == exact);
            REQUIRE(hits.size() == 10);
            CHECK(hits[0].id == RowId{100, row});
            CHECK(hits[0].distance == 0);
            CHECK(report.blocks.cached + report.blocks.read > 0);
            CHECK((exact ? report.scan_ns : report.rank_ns) > 0);
            counts += report.blocks;
        }
        return counts;
    }

    const std::vector<float> vectors = integers(kRows, 1);
    TestCollection made;
};

} // namespace

TEST_CASE("stored vectors: what is got, exported and ranked comes through the pool, and only so") {
    for (const CompressKind compress : {CompressKind::kAuto, CompressKind::kNone}) {
        Linked linked(compress);
        Store& store = linked.made.store();
        const std::vector<uint64_t> blocks = blocks_of(store, linked.made.entry().vectors_oid);
        // Narrow ones take half.
        const size_t plain = linked.vectors.size() * sizeof(float) / kBlockBytes;
        CHECK(blocks.size() <= plain / (compress == CompressKind::kAuto ? 2 : 1) + 3);
        linked.go_cold(blocks.size());
        REQUIRE(floats_of(linked.get()) == linked.vectors);
        CHECK(store.cache_counts().stored.blocks >= blocks.size());
        // The disk is not asked for them again.
        for (const uint64_t block : blocks)
            std::ranges::fill(
                linked.made.volume().device_bytes().subspan(block * kBlockBytes, kBlockBytes),
                std::byte{0xa5});
        CHECK(linked.search(false).read == 0);
        CHECK(linked.search(true).read == 0);
        CHECK(floats_of(linked.get()) == linked.vectors);
        const RowCounts counts = linked.made.rows().counts();
        CHECK(counts.blocks.read <= blocks.size());
        CHECK(counts.blocks.read >= blocks.size() / 2); // others came late of what an open reads
        CHECK(counts.blocks.cached > blocks.size());
        // Nor are they anywhere else.
        store.set_cache_bytes(0);
        Page got;
        CHECK(linked.made.rows().get(100, 0, 1, nullptr, &got).error().code == Code::kEBADMSG);
    }
}

TEST_CASE("stored vectors: without a cache each search reads its candidates, those in one batch") {
    Linked linked(CompressKind::kNone);
    linked.made.store().set_cache_bytes(0);
    const BlockCounts counts = linked.search(false);
    CHECK(counts.cached == 0);
    CHECK(counts.read > 0);
    CHECK(linked.search(true).cached == 0);
}

TEST_CASE("stored vectors: what the codes of pending rows lead to may be damaged") {
    Linked linked(CompressKind::kNone);
    Store& store = linked.made.store();
    REQUIRE(linked.made.rows().wait_linked({}));
    REQUIRE(linked.made.rows().jobs().pause(0));
    const std::vector<float> vectors = integers(kRows, 2);
    REQUIRE(linked.made.rows().put({101, kAppend, false, 1, 0, {}, as_bytes(vectors)}));
    const std::vector<float> wanted(vectors.begin(), vectors.begin() + kDim);
    const RowQuery query = linked.made.query(wanted);
    std::vector<RowHit> hits;
    RowSearchReport report;
    do {
        REQUIRE(linked.made.rows().search(query, hits, report));
        REQUIRE(report.pending_scanned == kRows);
    } while (report.exact_distances > 600);
    CHECK(hits[0].id == RowId{101, 0});
    REQUIRE(store.commit());
    for (const uint64_t block : blocks_of(store, linked.made.entry().vectors_oid))
        std::ranges::fill(
            linked.made.volume().device_bytes().subspan(block * kBlockBytes, kBlockBytes),
            std::byte{0xa5});
    store.set_cache_bytes(0);
    REQUIRE(linked.made.rows().search(query, hits, report));
    CHECK(hits.empty());
    CHECK(report.short_why == (kShortRows | kShortDegraded));
    CHECK(report.degraded > kRows); // all linked rows, and pending ones
    CHECK_FALSE(report.exact);
}
