// SPDX-License-Identifier: Apache-2.0
#include "userlib/pool/cache/block_cache.h"

#include <algorithm>

#include <doctest/doctest.h>

#include "base/random.h"

namespace vexfs {

namespace {

constexpr size_t kMiB = size_t{1} << 20;
constexpr size_t kBlock = 16384;

BlockCache::Handle block(uint64_t birth, BlockKind kind) {
    auto made = std::make_shared<CachedBlock>();
    made->birth = birth;
    made->kind = kind;
    made->bytes.assign(kBlock, static_cast<std::byte>(birth % 251));
    return made;
}

// Asks for all of so many blocks in turn, and puts what is not there. Returns how many there were.
uint64_t go_round(BlockCache& cache, uint64_t blocks, BlockKind kind) {
    uint64_t found = 0;
    for (uint64_t key = 0; key < blocks; ++key) {
        // Twice, as blocks are that are worth keeping.
        for (int i = 0; i < 2; ++i) {
            if (const auto there = cache.get(key)) {
                REQUIRE(there->birth == key + 1);
                REQUIRE(there->kind == kind);
                REQUIRE(there->bytes == block(key + 1, kind)->bytes);
                found += i == 0 ? 1 : 0;
            } else {
                cache.put(key, block(key + 1, kind));
            }
        }
    }
    return found;
}

} // namespace

TEST_CASE("block cache: more blocks are found with a cold tier of the same budget") {
    for (const BlockKind kind : {BlockKind::kNode, BlockKind::kRecord}) {
        BlockCache plain(16 * kMiB);
        BlockCache tiered(16 * kMiB, {50, true, true});
        CHECK(tiered.budget() == plain.budget());
        const uint64_t blocks = 2 * 16 * kMiB / kBlock;
        for (int i = 0; i < 3; ++i) {
            go_round(plain, blocks, kind);
            go_round(tiered, blocks, kind);
        }
        CHECK(go_round(tiered, blocks, kind) > go_round(plain, blocks, kind) + blocks / 4);
        CHECK(tiered.counts().cold.hits > blocks / 4);
        CHECK(tiered.counts().hot.bytes + tiered.counts().cold.bytes <= 16 * kMiB);
    }
}

TEST_CASE("block cache: only the kinds that are asked for go to the cold tier") {
    BlockCache cache(16 * kMiB, {50, true, false});
    for (int i = 0; i < 3; ++i)
        go_round(cache, 2000, BlockKind::kRecord);
    CHECK(cache.counts().cold.blocks == 0);
    BlockCache off(16 * kMiB);
    for (int i = 0; i < 3; ++i)
        go_round(off, 2000, BlockKind::kNode);
    CHECK(off.counts().cold.blocks == 0);
    CHECK(off.counts().hot.bytes > 15 * kMiB);
}

TEST_CASE("block cache: a put replaces what lay in the cold tier") {
    BlockCache cache(16 * kMiB, {50, true, true});
    for (int i = 0; i < 2; ++i)
        go_round(cache, 2000, BlockKind::kNode);
    REQUIRE(cache.counts().cold.blocks > 0);
    for (uint64_t key = 0; key < 2000; ++key)
        cache.put(key, block(key + 1'000'000, BlockKind::kNode));
    for (uint64_t key = 0; key < 2000; ++key) {
        const auto found = cache.get(key);
        CHECK((!found || found->birth == key + 1'000'000));
    }
}

TEST_CASE("block cache: a smaller budget holds at once, in both tiers") {
    BlockCache cache(32 * kMiB, {50, true, true});
    for (int i = 0; i < 2; ++i)
        go_round(cache, 4000, BlockKind::kNode);
    cache.set_budget(10 * kMiB);
    CHECK(cache.budget() == 10 * kMiB);
    CHECK(cache.counts().hot.bytes + cache.counts().cold.bytes <= 10 * kMiB);
    cache.set_budget(0);
    CHECK(cache.counts().hot.bytes == 0);
    CHECK(cache.counts().cold.blocks == 0);
}

TEST_CASE(
    "block cache: what is kept as it is stored is found by address and birth, and nowhere else") {
    BlockCache cache(16 * kMiB);
    const std::vector<std::byte> bytes(4096, std::byte{7});
    cache.put_stored(5, 1, bytes);
    CHECK_FALSE(cache.get(5));
    CHECK_FALSE(cache.map_stored(5, 2));
    CHECK_FALSE(cache.map_stored(6, 1));
    {
        const std::optional<MappedBlock> found = cache.map_stored(5, 1);
        REQUIRE(found);
        CHECK(std::ranges::equal(found->bytes(), bytes));
        // It stays until nobody looks at it.
        cache.set_budget(0);
        CHECK_FALSE(cache.map_stored(5, 1));
        CHECK(std::ranges::equal(found->bytes(), bytes));
        CHECK(cache.counts().stored.blocks == 1);
    }
    CHECK(cache.counts().stored.blocks == 0);
    CHECK(cache.counts().stored.hits == 1);
    CHECK(cache.counts().stored.misses == 3);
    CHECK(cache.counts().hot.hits == 0);
    CHECK(cache.counts().hot.misses == 1);
}

TEST_CASE("block cache: blocks as they are stored share the budget, whatever their sizes") {
    for (const std::string_view pool : pool_names()) {
        CAPTURE(pool);
        BlockCache cache(16 * kMiB, {0, false, false, pool});
        Random random(1);
        std::vector<std::byte> bytes(65536);
        for (uint64_t i = 0; i < 20'000; ++i) {
            const size_t size = random.chance(1, 2) ? 4096 : 1 + random.below(12'000);
            std::memcpy(bytes.data(), &i, sizeof i);
            cache.put_stored(i, i, Bytes(bytes).first(std::max(size, sizeof i)));
            if (random.chance(1, 4))
                cache.put(i, block(i + 1, BlockKind::kNode));
        }
        const BlockCache::Counts counts = cache.counts();
        CHECK(counts.hot.bytes <= 16 * kMiB);
        CHECK(counts.stored.bytes < counts.hot.bytes);
        CHECK(counts.stored.blocks > 500);
        uint64_t found = 0;
        for (uint64_t i = 0; i < 20'000; ++i) {
            const std::optional<MappedBlock> there = cache.map_stored(i, i);
            found += there ? 1 : 0;
            CHECK((!there || std::memcmp(there->bytes().data(), &i, sizeof i) == 0));
        }
        CHECK(found == counts.stored.blocks);
        // Pages that blocks have left are given back, where the driver can.
        if (pool == kDefaultPool) {
            const PoolStats stats = cache.stored_pools().report()->stats;
            CHECK(stats.total_bytes() < stats.stored_bytes + stats.stored_bytes / 4 + 2 * kMiB);
        }
    }
}

TEST_CASE("block cache: another driver takes what comes, and what is there stays till it leaves") {
    BlockCache cache(16 * kMiB);
    const std::vector<std::byte> bytes(4096, std::byte{7});
    const auto fill = [&](uint64_t from, std::string_view pool) {
        for (uint64_t key = from; key < from + 100; ++key)
            cache.put_stored(key, 1, bytes, pool);
    };
    const auto objects = [&](std::string_view driver) {
        size_t count = 0;
        if (const auto chosen = cache.stored_pools().report(); chosen && chosen->driver == driver)
            count += chosen->stats.objects;
        for (const PoolReport& other : cache.stored_pools().other_reports())
            count += other.driver == driver ? other.stats.objects : 0;
        return count;
    };
    CHECK(cache.pool() == kDefaultPool);
    fill(0, {});
    CHECK(cache.set_pool("slab").error().code == Code::kEINVAL);
    REQUIRE(cache.set_pool("zbud"));
    CHECK(cache.pool() == "zbud");
    CHECK_FALSE(cache.stored_pools().report());
    fill(100, {});
    fill(200, "z3fold");
    CHECK(objects("zsmalloc") == 100);
    CHECK(objects("zbud") == 100);
    CHECK(objects("z3fold") == 100);
    CHECK(cache.counts().stored.blocks == 300);
    CHECK(cache.counts().stored.bytes == 300 * bytes.size());
    for (uint64_t key = 0; key < 300; ++key) {
        const auto found = cache.map_stored(key, 1);
        REQUIRE(found);
        CHECK(std::ranges::equal(found->bytes(), bytes));
    }
    // What is put again is put where things go now.
    fill(0, {});
    CHECK(objects("zsmalloc") == 0);
    CHECK(objects("zbud") == 200);
    cache.set_budget(0);
    CHECK(cache.counts().stored.blocks == 0);
    CHECK(cache.stored_pools().other_reports().empty());
}

TEST_CASE("block cache: the cold tier changes its driver and loses nothing by it") {
    BlockCache cache(16 * kMiB, {50, true, true});
    for (int i = 0; i < 2; ++i)
        go_round(cache, 2000, BlockKind::kNode);
    const size_t before = cache.counts().cold.blocks;
    REQUIRE(before > 500);
    REQUIRE(cache.set_pool("zbud"));
    CHECK(cache.counts().cold.blocks == before);
    REQUIRE(cache.cold_pools()->other_reports().size() == 1);
    CHECK(cache.cold_pools()->other_reports()[0].stats.objects == before);
    const uint64_t hits = cache.counts().cold.hits;
    go_round(cache, 2000, BlockKind::kNode);
    CHECK(cache.counts().cold.hits > hits + 100);
    REQUIRE(cache.cold_pools()->report());
    CHECK(cache.cold_pools()->report()->driver == "zbud");
    CHECK(cache.cold_pools()->report()->stats.objects > 0);
    CHECK(cache.counts().hot.bytes + cache.counts().cold.bytes <= 16 * kMiB);
    // The older one goes first.
    const auto older = cache.cold_pools()->other_reports();
    CHECK((older.empty() || older[0].stats.objects < before));
    cache.set_budget(0);
    CHECK(cache.counts().cold.blocks == 0);
}

} // namespace vexfs
