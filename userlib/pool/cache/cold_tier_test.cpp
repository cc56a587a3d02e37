// SPDX-License-Identifier: Apache-2.0
#include "userlib/pool/cache/cold_tier.h"

#include <atomic>
#include <thread>

#include <doctest/doctest.h>

#include "base/random.h"

namespace vexfs {

namespace {

constexpr size_t kMiB = size_t{1} << 20;

// Compresses to about a third.
std::vector<std::byte> text(uint64_t seed, size_t bytes) {
    Random random(seed);
    std::vector<std::byte> block(bytes);
    for (std::byte& byte : block)
        byte = static_cast<std::byte>('a' + random.below(random.chance(1, 2) ? 2 : 6));
    return block;
}

std::vector<std::byte> noise(size_t bytes) {
    Random random(1);
    std::vector<std::byte> block(bytes);
    for (std::byte& byte : block)
        byte = static_cast<std::byte>(random.next());
    return block;
}

} // namespace

TEST_CASE("cold tier: over any driver, it keeps what fits and says what became of it") {
    for (const std::string_view driver : pool_names()) {
        CAPTURE(driver);
        ColdTier tier(driver, 8 * kMiB);
        uint64_t plain = 0;
        for (uint64_t key = 0; key < 200; ++key) {
            tier.put(key, key, text(key, 8192));
            plain += 8192;
        }
        const ColdTier::Counts counts = tier.counts();
        CHECK(tier.pools().chosen() == driver);
        CHECK(counts.blocks == 200);
        CHECK(counts.plain_bytes == plain);
        CHECK(counts.coded_bytes > plain / 5);
        CHECK(counts.coded_bytes < plain / 4 * 3);
        size_t objects = 0;
        const PoolReport report = tier.pools().report().value();
        for (const PoolClass& one : report.classes)
            objects += one.objects;
        CHECK(objects == 200);
        for (uint64_t key = 0; key < 200; ++key) {
            const auto found = tier.take(key);
            REQUIRE(found);
            CHECK(found->bytes == text(key, 8192));
        }
    }
}

TEST_CASE("cold tier: a block comes back once, with its tag") {
    ColdTier tier("zsmalloc", 8 * kMiB);
    for (const size_t bytes : {size_t{100}, size_t{16384}, ColdTier::kBlockBytesMax}) {
        const std::vector<std::byte> block = text(bytes, bytes);
        tier.put(bytes, 77, block);
        const auto found = tier.take(bytes);
        REQUIRE(found);
        CHECK(found->tag == 77);
        CHECK(found->bytes == block);
        CHECK_FALSE(tier.take(bytes));
    }
    CHECK(tier.counts().blocks == 0);
    CHECK(tier.counts().hits == 3);
    CHECK(tier.counts().misses == 3);
}

TEST_CASE("cold tier: a put replaces, and what does not become smaller is not kept") {
    ColdTier tier("zsmalloc", 8 * kMiB);
    tier.put(1, 1, text(1, 5000));
    tier.put(1, 2, text(2, 5000));
    CHECK(tier.counts().blocks == 1);
    CHECK(tier.take(1)->bytes == text(2, 5000));
    tier.put(1, 1, text(1, 5000));
    tier.put(1, 2, noise(5000));
    CHECK_FALSE(tier.take(1));
    CHECK(tier.counts().refused == 1);
    tier.put(1, 1, text(1, ColdTier::kBlockBytesMax + 1));
    CHECK_FALSE(tier.take(1));
    tier.put(1, 1, text(1, 5000));
    tier.erase(1);
    CHECK_FALSE(tier.take(1));
    CHECK(tier.counts().blocks == 0);
}

TEST_CASE("cold tier: its memory stays in the budget, and the coldest go first") {
    ColdTier tier("zsmalloc", 4 * kMiB);
    for (uint64_t key = 0; key < 2000; ++key) {
        tier.put(key, key, text(key, 16384));
        CHECK(tier.counts().bytes <= 4 * kMiB);
    }
    const ColdTier::Counts full = tier.counts();
    CHECK(full.blocks > 4 * kMiB / 16384 * 5 / 4);
    for (uint64_t key = 2000 - 50; key < 2000; ++key)
        CHECK(tier.take(key));
    for (uint64_t key = 0; key < 50; ++key)
        CHECK_FALSE(tier.take(key));
    tier.set_budget(kMiB);
    CHECK(tier.counts().bytes <= kMiB);
    tier.set_budget(0);
    CHECK(tier.counts().blocks == 0);
    tier.put(1, 1, text(1, 5000));
    CHECK_FALSE(tier.take(1));
}

TEST_CASE("cold tier: threads find what was put, or nothing") {
    ColdTier tier("zsmalloc", 2 * kMiB);
    std::atomic<int> wrong = 0;
    std::atomic<int> found = 0;
    const auto work = [&](uint64_t seed) {
        Random random(seed);
        for (int i = 0; i < 600; ++i) {
            const uint64_t key = random.below(300);
            if (const auto block = tier.take(key)) {
                wrong += block->tag == key && block->bytes == text(key, 8000 + key * 40) ? 0 : 1;
                ++found;
            }
            tier.put(key, key, text(key, 8000 + key * 40));
        }
    };
    std::vector<std::thread> threads;
    for (uint64_t seed = 1; seed <= 3; ++seed)
        threads.emplace_back(work, seed);
    for (std::thread& thread : threads)
        thread.join();
    CHECK(wrong == 0);
    CHECK(found > 100);
    CHECK(tier.counts().bytes <= 2 * kMiB);
}

} // namespace vexfs
