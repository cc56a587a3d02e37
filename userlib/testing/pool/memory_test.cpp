// SPDX-License-Identifier: Apache-2.0
//
// Memory that gives out at each allocation in turn: of the heap, and of pages.
#include <doctest/doctest.h>

#include <cstdlib>
#include <new>

#include "userlib/pool/any_pool.h"
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

} // namespace vexfs
