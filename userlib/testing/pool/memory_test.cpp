// SPDX-License-Identifier: Apache-2.0
//
// Memory that gives out at each allocation in turn: of the heap, and of pages.
#include <doctest/doctest.h>

#include <cstdlib>
#include <cstring>
#include <new>

#include "base/guard.h"
#include "userlib/pool/cache/block_cache.h"
#include "userlib/testing/pool/pool_run.h"

namespace {

// What the next allocations meet. Only one thread allocates while it is armed.
struct Scarcity {
    bool armed = false;
    bool sticky = false;
    uint64_t count = 0; // allocations seen while armed
    uint64_t fail_at = 0;

    bool strikes() {
        if (!armed)
            return false;
        ++count;
        return sticky ? count >= fail_at : count == fail_at;
    }
};
Scarcity scarcity;

void* allocate(size_t size, size_t alignment) {
    void* memory = nullptr;
    if (!scarcity.strikes())
        memory = std::aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
    if (memory == nullptr)
        throw std::bad_alloc();
    return memory;
}

} // namespace

void* operator new(size_t size) {
    return allocate(size == 0 ? 1 : size, alignof(std::max_align_t));
}
void* operator new(size_t size, std::align_val_t alignment) {
    return allocate(size == 0 ? 1 : size, static_cast<size_t>(alignment));
}
// The library asks in this way for what it can do without: there is none.
void* operator new(size_t, const std::nothrow_t&) noexcept {
    return nullptr;
}
void operator delete(void* memory) noexcept {
    std::free(memory);
}
void operator delete(void* memory, size_t) noexcept {
    std::free(memory);
}
void operator delete(void* memory, std::align_val_t) noexcept {
    std::free(memory);
}
void operator delete(void* memory, size_t, std::align_val_t) noexcept {
    std::free(memory);
}

namespace vexfs {

namespace {

// The system's pages, as scarce as the heap.
class ScarcePages : public PageSupply {
  public:
    std::byte* map(size_t bytes) override {
        return scarcity.strikes() ? nullptr : system_pages().map(bytes);
    }
    void unmap(std::byte* memory, size_t bytes) override { system_pages().unmap(memory, bytes); }
};

constexpr size_t kObjects = 1500;

size_t size_of(uint64_t object) {
    return 1 + object * 911 % 4096;
}

// Puts many objects and evicts some, with memory that fails. Returns whether it did.
bool run_once(std::string_view name, uint64_t n, bool sticky) {
    ScarcePages supply;
    PoolOptions options;
    options.supply = &supply;
    std::vector<PoolHandle> handles;
    handles.reserve(kObjects);
    size_t failures = 0;
    const auto pool = std::move(make_pool(name, options)).value();
    const Evict keep = [](PoolHandle, Bytes) -> Status {
        return fail(Code::kENOSPC, "test: refused");
    };
    scarcity = {true, sticky, 0, n};
    const auto try_one = [&](uint64_t object) {
        const auto handle = pool->malloc(size_of(object), PoolFlags::none());
        failures += handle ? 0 : 1;
        if (!handle && handle.error().code != Code::kENOMEM)
            failures += kObjects; // to be found below
        if (handle)
            fill_object(pool->map(*handle, MapMode::kWrite).value().writable(), handle->bits());
        handles.push_back(handle ? *handle : PoolHandle());
    };
    for (uint64_t object = 0; object < kObjects; ++object) {
        try_one(object);
        if (object % 3 == 2 && handles[object / 2] && pool->free(handles[object / 2]))
            handles[object / 2] = PoolHandle();
    }
    failures += pool->shrink(1000, keep) ? 0 : 1;
    pool->compact();
    scarcity.armed = false;
    CHECK(failures <= (sticky ? kObjects + 1 : 1));
    const bool struck = scarcity.count >= n;
    CHECK((struck || failures == 0));
    // What was put is all there, and nothing else; and the pool goes on.
    size_t alive = 0;
    for (const PoolHandle handle : handles) {
        if (!handle)
            continue;
        ++alive;
        CHECK(object_is(pool->map(handle, MapMode::kRead).value().bytes(), handle.bits()));
    }
    CHECK(pool->stats().objects == alive);
    const auto later = pool->malloc(4096, PoolFlags::kZeroed);
    REQUIRE(later);
    CHECK(pool->free(*later));
    for (const PoolHandle handle : handles)
        CHECK((!handle || pool->free(handle)));
    pool->compact();
    CHECK(pool->pages() == 0);
    return struck;
}

} // namespace

TEST_CASE("pool: memory may give out at any allocation") {
    for (const std::string_view name : pool_names()) {
        for (const bool sticky : {false, true}) {
            uint64_t n = 1;
            while (run_once(name, n, sticky))
                ++n;
            MESSAGE(name << ": " << n - 1 << " allocations");
            CHECK(n > 10);
        }
    }
}

TEST_CASE("pool: none is made without memory") {
    for (const std::string_view name : pool_names()) {
        uint64_t n = 1;
        for (;; ++n) {
            scarcity = {true, false, 0, n};
            const auto pool = make_pool(name, {});
            scarcity.armed = false;
            if (pool)
                break;
            CHECK(pool.error().code == Code::kENOMEM);
        }
        CHECK(n > 1);
    }
}

namespace {

// Bytes that tell what they belong to.
std::vector<std::byte> block_of(uint64_t key, size_t bytes) {
    std::vector<std::byte> block(bytes, static_cast<std::byte>('a' + key % 20));
    std::memcpy(block.data(), &key, sizeof key);
    return block;
}

BlockCache::Handle cached(uint64_t key, const std::vector<std::byte>& bytes) {
    auto block = std::make_shared<CachedBlock>();
    block->birth = key + 1;
    block->bytes = bytes;
    return block;
}

constexpr size_t kAmple = size_t{64} << 20;
constexpr size_t kScarce = size_t{100} << 10; // of 340 KiB that are put

struct CacheTrial {
    CachePolicy policy;
    std::string_view pool;
    size_t budget;
    bool sticky;
};

// Puts blocks of both kinds into a cache with memory that fails at the n-th allocation, and looks
// what is there. Returns whether it failed.
bool fill_cache_once(const CacheTrial& trial, const std::vector<std::vector<std::byte>>& contents,
                     uint64_t n) {
    ColdOptions cold;
    cold.pool = trial.pool;
    BlockCache cache(trial.budget, cold, trial.policy);
    scarcity = {true, trial.sticky, 0, n};
    uint64_t wrong = 0;
    for (uint64_t key = 0; key < contents.size(); ++key) {
        // As the store does: lack of memory becomes ENOMEM of whoever needed it.
        const Status put = guard(fail(Code::kEIO, "test: put"), [&]() -> Status {
            cache.put(key, cached(key, contents[key]));
            return ok();
        });
        wrong += put || put.error().code == Code::kENOMEM ? 0 : 1;
        cache.put_stored(key, key + 1, contents[key]);
        cache.get(key / 2);
    }
    scarcity.armed = false;
    CHECK(wrong == 0);
    const bool struck = scarcity.count >= n;
    size_t found = 0;
    for (uint64_t key = 0; key < contents.size(); ++key) {
        if (const BlockCache::Handle block = cache.get(key)) {
            CHECK(block->birth == key + 1);
            CHECK(block->bytes == contents[key]);
            ++found;
        }
        if (const auto stored = cache.map_stored(key, key + 1)) {
            CHECK(std::equal(stored->bytes().begin(), stored->bytes().end(), contents[key].begin(),
                             contents[key].end()));
            ++found;
        }
    }
    // One failure costs what it struck, and no more.
    if (trial.budget == kAmple && !trial.sticky)
        CHECK(found + 2 >= 2 * contents.size());
    // And it goes on. One that was cut off may have left a block too many till then.
    CHECK(cache.counts().hot.bytes <= cache.budget() + 8192);
    cache.put(1000, cached(1000, contents[0]));
    CHECK(cache.get(1000));
    cache.put_stored(1000, 1001, contents[0]);
    CHECK(cache.map_stored(1000, 1001));
    CHECK(cache.counts().hot.bytes <= cache.budget());
    cache.set_budget(0);
    CHECK(cache.counts().hot.values == 0);
    CHECK(cache.counts().stored.blocks == 0);
    return struck;
}

// The same for a cold tier.
bool fill_tier_once(std::string_view pool, const std::vector<std::vector<std::byte>>& contents,
                    uint64_t n, bool sticky) {
    ColdTier tier(pool, size_t{4} << 20);
    scarcity = {true, sticky, 0, n};
    for (uint64_t key = 0; key < contents.size(); ++key)
        tier.put(key, key + 1, contents[key]);
    scarcity.armed = false;
    const bool struck = scarcity.count >= n;
    size_t found = 0;
    for (uint64_t key = 0; key < contents.size(); ++key) {
        if (const auto block = tier.take(key)) {
            CHECK(block->tag == key + 1);
            CHECK(block->bytes == contents[key]);
            ++found;
        }
    }
    if (!sticky)
        CHECK(found + 1 >= contents.size());
    CHECK(tier.counts().blocks == 0);
    tier.put(1000, 1, contents[0]);
    CHECK(tier.take(1000));
    return struck;
}

} // namespace

TEST_CASE("pooled bytes: without memory there are none, and nothing is left of them") {
    for (const std::string_view name : pool_names()) {
        const std::vector<std::byte> content = block_of(1, 3000);
        uint64_t n = 1;
        for (;; ++n) {
            ScarcePages supply;
            PoolOptions options;
            options.supply = &supply;
            const auto pool = std::move(make_pool(name, options)).value();
            scarcity = {true, false, 0, n};
            const Result<PooledBytes> bytes = PooledBytes::copy(content, *pool);
            scarcity.armed = false;
            if (bytes) {
                CHECK(std::memcmp(bytes->map().value().bytes().data(), content.data(),
                                  content.size()) == 0);
                break;
            }
            CHECK(bytes.error().code == Code::kENOMEM);
            CHECK(pool->stats().objects == 0);
        }
        CHECK(n > 1);
    }
}

TEST_CASE("block cache: memory may give out at any allocation") {
    std::vector<std::vector<std::byte>> contents;
    for (uint64_t key = 0; key < 40; ++key)
        contents.push_back(block_of(key, 4096));
    for (const CachePolicy policy : {CachePolicy::kS3Fifo, CachePolicy::kArc}) {
        for (const std::string_view pool : pool_names()) {
            for (const size_t budget : {kAmple, kScarce}) {
                for (const bool sticky : {false, true}) {
                    uint64_t n = 1;
                    while (fill_cache_once({policy, pool, budget, sticky}, contents, n))
                        ++n;
                    CHECK(n > 100);
                }
            }
        }
    }
}

TEST_CASE("cold tier: memory may give out at any allocation") {
    std::vector<std::vector<std::byte>> contents;
    for (uint64_t key = 0; key < 40; ++key)
        contents.push_back(block_of(key, 16384));
    for (const std::string_view pool : pool_names()) {
        for (const bool sticky : {false, true}) {
            uint64_t n = 1;
            while (fill_tier_once(pool, contents, n, sticky))
                ++n;
            CHECK(n > 40);
        }
    }
}

} // namespace vexfs
