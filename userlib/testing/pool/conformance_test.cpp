// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <atomic>
#include <bit>
#include <thread>

#include "userlib/pool/any_pool.h"
#include "userlib/pool/pool_driver.h"
#include "userlib/testing/pool/pool_run.h"

namespace vexfs {

namespace {

// A driver by its name, through the adaptor.
template <Pool Driver>
class Named {
  public:
    static constexpr std::string_view kName = Driver::kName;

    explicit Named(const PoolOptions& options)
        : pool_(std::move(make_pool(kName, options)).value()) {}

    Result<PoolHandle> malloc(size_t bytes, PoolFlags flags) { return pool_->malloc(bytes, flags); }
    Status free(PoolHandle handle) { return pool_->free(handle); }
    Result<Mapping> map(PoolHandle handle, MapMode mode) { return pool_->map(handle, mode); }
    Result<size_t> shrink(size_t pages, const Evict& evict) { return pool_->shrink(pages, evict); }
    size_t compact() { return pool_->compact(); }
    [[nodiscard]] size_t pages() const { return pool_->pages(); }
    [[nodiscard]] PoolStats stats() const { return pool_->stats(); }
    [[nodiscard]] std::vector<PoolClass> classes() const { return pool_->classes(); }
    [[nodiscard]] size_t object_bytes_max() const { return pool_->object_bytes_max(); }

  private:
    std::unique_ptr<AnyPool> pool_;
};

template <Pool Driver>
PoolHandle put(Driver& pool, size_t bytes, uint64_t seed) {
    const PoolHandle handle = pool.malloc(bytes, PoolFlags::none()).value();
    for (;;) {
        const Result<Mapping> mapping = pool.map(handle, MapMode::kWrite);
        if (!mapping && mapping.error().code == Code::kEBUSY)
            continue; // somebody tries to evict it just now
        fill_object(mapping.value().writable(), seed);
        return handle;
    }
}

template <Pool Driver>
bool holds(Driver& pool, PoolHandle handle, uint64_t seed) {
    const Result<Mapping> mapping = pool.map(handle, MapMode::kRead);
    return mapping && object_is(mapping->bytes(), seed);
}

template <typename T>
Code code_of(const Result<T>& result) {
    REQUIRE_FALSE(result.has_value());
    return result.error().code;
}

template <Pool Driver>
void check_random(size_t object_bytes_max, uint64_t steps) {
    for (const uint64_t seed : {1, 2, 3}) {
        CAPTURE(seed);
        CAPTURE(Driver::kName.data());
        PoolOptions options;
        options.object_bytes_max = object_bytes_max;
        Driver pool(options);
        PoolRun<Driver> run(pool, seed, 1000);
        CHECK(run.go(steps) == "");
        CHECK(run.finish() == "");
    }
}

} // namespace

#define ALL_POOLS Zbud, Z3fold, Zsmalloc, Named<Zbud>, Named<Z3fold>, Named<Zsmalloc>

TEST_CASE_TEMPLATE("pool: random operations end as a map says", Driver, ALL_POOLS) {
    check_random<Driver>(kPoolPageBytes, 20'000);
    check_random<Driver>(1000, 5'000);
    check_random<Driver>(kPoolObjectBytesMax, 5'000);
}

TEST_CASE_TEMPLATE("pool: a handle stays stale when its place is used again", Driver, ALL_POOLS) {
    Driver pool(PoolOptions{});
    const PoolHandle first = put(pool, 100, 1);
    REQUIRE(pool.free(first));
    const PoolHandle second = put(pool, 100, 2);
    CHECK(first.index() == second.index());
    CHECK(first != second);
    CHECK(code_of(pool.free(first)) == Code::kESTALE);
    CHECK(code_of(pool.map(first, MapMode::kRead)) == Code::kESTALE);
    CHECK(holds(pool, second, 2));
    CHECK(code_of(pool.free(PoolHandle(77'777, 1))) == Code::kESTALE);
    CHECK(code_of(pool.free(PoolHandle(second.index(), second.generation() + 1))) == Code::kESTALE);
    CHECK(code_of(pool.free(PoolHandle::from_bits(0))) == Code::kESTALE);
}

TEST_CASE_TEMPLATE("pool: sizes of no object are refused", Driver, ALL_POOLS) {
    PoolOptions options;
    options.object_bytes_max = 3000;
    Driver pool(options);
    CHECK(pool.object_bytes_max() >= 3000);
    CHECK(code_of(pool.malloc(0, PoolFlags::none())) == Code::kEINVAL);
    CHECK(code_of(pool.malloc(pool.object_bytes_max() + 1, PoolFlags::none())) == Code::kEINVAL);
    CHECK(code_of(pool.malloc(SIZE_MAX, PoolFlags::none())) == Code::kEINVAL);
    CHECK(pool.stats().objects == 0);
    CHECK(pool.malloc(pool.object_bytes_max(), PoolFlags::kZeroed));
    CHECK(code_of(pool.shrink(1, Evict())) == Code::kEINVAL);
}

TEST_CASE_TEMPLATE("pool: readers share an object, a writer has it alone", Driver, ALL_POOLS) {
    Driver pool(PoolOptions{});
    const PoolHandle handle = put(pool, 500, 1);
    {
        const auto one = pool.map(handle, MapMode::kRead);
        const auto other = pool.map(handle, MapMode::kRead);
        REQUIRE((one && other));
        CHECK(one->bytes().data() == other->bytes().data());
        CHECK(code_of(pool.map(handle, MapMode::kWrite)) == Code::kEBUSY);
        CHECK(code_of(pool.free(handle)) == Code::kEBUSY);
    }
    {
        const auto writer = pool.map(handle, MapMode::kWrite);
        REQUIRE(writer);
        CHECK(code_of(pool.map(handle, MapMode::kRead)) == Code::kEBUSY);
        CHECK(code_of(pool.map(handle, MapMode::kWrite)) == Code::kEBUSY);
        CHECK(code_of(pool.free(handle)) == Code::kEBUSY);
    }
    CHECK(pool.free(handle));
}

TEST_CASE_TEMPLATE("pool: it never has more pages than it may", Driver, ALL_POOLS) {
    PoolOptions options;
    options.pages_max = 24;
    Driver pool(options);
    std::vector<PoolHandle> handles;
    for (;;) {
        const auto handle = pool.malloc(700, PoolFlags::none());
        if (!handle) {
            CHECK(handle.error().code == Code::kENOMEM);
            break;
        }
        handles.push_back(*handle);
    }
    CHECK(handles.size() >= 44);
    CHECK(pool.pages() <= 24);
    CHECK(pool.stats().objects == handles.size());
    for (const PoolHandle handle : handles)
        REQUIRE(pool.free(handle));
    // What lies spare counts, and goes when it is needed for another kind of object.
    for (int i = 0; i < 6; ++i)
        CHECK(pool.malloc(4000, PoolFlags::none()));
    CHECK(pool.pages() <= 24);
}

TEST_CASE_TEMPLATE("pool: without leave to grow it uses the room it has", Driver, ALL_POOLS) {
    Driver pool(PoolOptions{});
    CHECK(code_of(pool.malloc(100, PoolFlags::kNoGrowth)) == Code::kENOMEM);
    const PoolHandle first = put(pool, 100, 1);
    const size_t pages = pool.pages();
    CHECK(pool.malloc(100, PoolFlags::kNoGrowth | PoolFlags::kZeroed));
    CHECK(pool.pages() == pages);
    CHECK(holds(pool, first, 1));
}

TEST_CASE_TEMPLATE("pool: compaction gives back what random frees left", Driver, ALL_POOLS) {
    Driver pool(PoolOptions{});
    Random random(7);
    std::vector<std::pair<PoolHandle, uint64_t>> objects;
    for (uint64_t i = 0; i < 4000; ++i)
        objects.emplace_back(put(pool, random.between(600, 1300), i), i);
    random.shuffle(std::span(objects));
    for (; objects.size() > 1000; objects.pop_back())
        REQUIRE(pool.free(objects.back().first));
    // One that is mapped stays where it is.
    const auto held = pool.map(objects[0].first, MapMode::kRead);
    REQUIRE(held);
    const size_t before = pool.pages();
    const size_t saved = pool.compact();
    MESSAGE(Driver::kName << ": " << before << " pages, " << pool.pages() << " after compaction");
    CHECK(saved > before / 4);
    CHECK(pool.pages() + saved <= before);
    CHECK(pool.stats().moved > 0);
    CHECK(pool.stats().spare_pages == 0);
    CHECK(object_is(held->bytes(), objects[0].second));
    for (const auto& [handle, seed] : objects)
        CHECK(holds(pool, handle, seed));
}

TEST_CASE_TEMPLATE("pool: shrinking evicts the coldest, and keeps what is refused", Driver,
                   ALL_POOLS) {
    Driver pool(PoolOptions{});
    std::vector<PoolHandle> handles;
    for (uint64_t i = 0; i < 400; ++i)
        handles.push_back(put(pool, 1300, i));
    std::vector<PoolHandle> asked;
    const size_t spare = pool.stats().spare_pages; // those are given in any case
    const auto none = pool.shrink(spare + 1, [&](PoolHandle handle, Bytes) {
        asked.push_back(handle);
        return fail(Code::kENOSPC, "test: refused");
    });
    REQUIRE(none);
    CHECK(*none == spare);
    CHECK(asked.size() == handles.size());
    CHECK(pool.stats().objects == handles.size());
    // The second half is used again; the first is cold.
    for (uint64_t i = 200; i < 400; ++i)
        CHECK(holds(pool, handles[i], i));
    asked.clear();
    const size_t before = pool.pages();
    const auto given = pool.shrink(before / 4, [&](PoolHandle handle, Bytes bytes) {
        asked.push_back(handle);
        CHECK(bytes.size() == 1300);
        CHECK(code_of(pool.map(handle, MapMode::kRead)) == Code::kEBUSY);
        return ok();
    });
    REQUIRE(given);
    CHECK(*given >= before / 4);
    CHECK(pool.pages() <= before - *given);
    CHECK(pool.stats().evicted == asked.size());
    for (const PoolHandle handle : asked) {
        CHECK(handle.index() < 203); // a neighbour of the warm in their page may go with the cold
        CHECK(code_of(pool.map(handle, MapMode::kRead)) == Code::kESTALE);
    }
}

TEST_CASE_TEMPLATE("pool: what is mapped is not evicted", Driver, ALL_POOLS) {
    Driver pool(PoolOptions{});
    const PoolHandle handle = put(pool, 100, 1);
    const auto held = pool.map(handle, MapMode::kRead);
    const auto given = pool.shrink(1, [](PoolHandle, Bytes) -> Status {
        FAIL("a mapped object is evicted");
        return ok();
    });
    REQUIRE(given);
    CHECK(*given == 0);
    CHECK(object_is(held->bytes(), 1));
}

// Each thread has objects of its own, and reads some that all share; one more compacts and evicts
// what has been marked by its first byte.
TEST_CASE_TEMPLATE("pool: threads share it", Driver, ALL_POOLS) {
    Driver pool(PoolOptions{});
    std::vector<PoolHandle> shared;
    for (uint64_t i = 0; i < 100; ++i)
        shared.push_back(put(pool, 200 + i * 7, i));
    std::atomic<int> wrong = 0;
    std::atomic<int> running = 3;
    const auto work = [&](uint64_t seed) {
        Random random(seed);
        std::vector<std::pair<PoolHandle, uint64_t>> own;
        for (int i = 0; i < 4000; ++i) {
            const size_t at = random.below(100);
            if (const auto mapping = pool.map(shared[at], MapMode::kRead))
                wrong += object_is(mapping->bytes(), at) ? 0 : 1;
            else
                wrong += mapping.error().code == Code::kEBUSY ? 0 : 1; // being evicted just now
            if (own.size() < random.below(200)) {
                own.emplace_back(put(pool, random.between(1, 2000), seed + i), seed + i);
            } else if (!own.empty()) {
                std::swap(own[random.below(own.size())], own.back());
                const auto mapping = pool.map(own.back().first, MapMode::kRead);
                if (mapping) { // else it is being evicted just now
                    wrong += object_is(mapping->bytes(), own.back().second) ? 0 : 1;
                    const Status freed = pool.free(own.back().first);
                    wrong += !freed && freed.error().code == Code::kEBUSY ? 0 : 1;
                }
            }
            if (own.size() > 100) {
                const Status freed = pool.free(own.back().first);
                wrong += freed || freed.error().code == Code::kEBUSY ? 0 : 1;
                if (freed)
                    own.pop_back();
            }
        }
        --running;
    };
    std::vector<std::thread> threads;
    for (uint64_t i = 0; i < 3; ++i)
        threads.emplace_back(work, (i + 1) << 40);
    while (running > 0) {
        pool.compact();
        static_cast<void>(pool.shrink(
            4, [](PoolHandle, Bytes) { return Status(fail(Code::kEAGAIN, "test: refused")); }));
        static_cast<void>(pool.stats());
    }
    for (std::thread& thread : threads)
        thread.join();
    CHECK(wrong == 0);
}

TEST_CASE("pool: flags of unknown bits are refused") {
    CHECK(PoolFlags::from_bits(0).value() == PoolFlags::none());
    CHECK(PoolFlags::from_bits(3).value() == (PoolFlags::kZeroed | PoolFlags::kNoGrowth));
    for (uint32_t bit = 2; bit < 32; ++bit)
        CHECK(code_of(PoolFlags::from_bits(uint32_t{1} << bit | 1)) == Code::kEINVAL);
}

TEST_CASE("pool: a driver is made by its name, within limits") {
    for (const std::string_view name : pool_names())
        CHECK(std::move(make_pool(name, {})).value()->name() == name);
    CHECK(code_of(make_pool("slab", {})) == Code::kEOPNOTSUPP);
    CHECK(std::move(make_pool(kDefaultPool, {})).has_value());
    PoolOptions options;
    options.object_bytes_max = 0;
    CHECK(code_of(make_pool("zbud", options)) == Code::kEINVAL);
    options.object_bytes_max = kPoolObjectBytesMax + 1;
    CHECK(code_of(make_pool("zbud", options)) == Code::kEINVAL);
}

TEST_CASE("pool: a chain has the length that wastes least, and serves all that have its form") {
    for (uint32_t bytes = 16; bytes <= kPoolObjectBytesMax; bytes += 16) {
        const ChainShape best = chain_shape(bytes);
        CHECK(best.objects * size_t{bytes} <= best.pages * kPoolPageBytes);
        const size_t most = bytes <= kPoolPageBytes ? 8 : PageSource::kRunPagesMax;
        for (size_t pages = 1; pages <= most; ++pages) {
            if (pages * kPoolPageBytes < bytes)
                continue;
            const size_t waste = pages * kPoolPageBytes % bytes;
            CHECK(best.waste_bytes() * pages <= waste * best.pages);
        }
    }
    PoolOptions options;
    options.object_bytes_max = kPoolObjectBytesMax;
    HandleTable table;
    const ClassPlacement placement(options, table);
    for (size_t bytes = 1; bytes <= kPoolObjectBytesMax; ++bytes) {
        const ChainShape& shape = placement.shape_of(bytes);
        REQUIRE(shape.object_bytes >= bytes);
        // Rounded up to a step of the classes, it finds as many of its kind in a chain as there
        // are: what took in a smaller class costs that nothing.
        const size_t step = std::max<size_t>(16, std::bit_floor(bytes - 1) / 32);
        const size_t rounded = (bytes + step - 1) / step * step;
        REQUIRE(shape.pages * kPoolPageBytes / rounded == shape.objects);
    }
}

} // namespace vexfs
