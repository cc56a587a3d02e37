// SPDX-License-Identifier: Apache-2.0
//
// A random run of everything that a pool offers, beside a std::map that says what must come out.
//
// The number of objects swells and ebbs, so that pages are filled, thinned out and filled again.
// Some objects stay mapped for a while, some handles are used after their object is gone, some
// evictions are refused. After each step all that the map foretells is checked.
//
// Threads: one thread.
#pragma once

#include <cstring>
#include <map>
#include <string>
#include <vector>

#include "base/random.h"
#include "userlib/pool/pool.h"

namespace vexfs {

// Fills with what only this seed gives, and tells whether that is still there.
inline void fill_object(MutableBytes bytes, uint64_t seed) {
    size_t i = 0;
    for (; i + 8 <= bytes.size(); i += 8)
        store_le<uint64_t>(bytes.data() + i, seed ^ (i * 0x9e3779b97f4a7c15));
    for (; i < bytes.size(); ++i)
        bytes[i] = static_cast<std::byte>(seed + i);
}
inline bool object_is(Bytes bytes, uint64_t seed) {
    uint64_t difference = 0;
    size_t i = 0;
    for (; i + 8 <= bytes.size(); i += 8)
        difference |= load_le<uint64_t>(bytes.data() + i) ^ seed ^ (i * 0x9e3779b97f4a7c15);
    for (; i < bytes.size(); ++i)
        difference |= static_cast<uint64_t>(bytes[i] ^ static_cast<std::byte>(seed + i));
    return difference == 0;
}

template <Pool Driver>
class PoolRun {
  public:
    PoolRun(Driver& pool, uint64_t seed, size_t objects_max)
        : pool_(pool), random_(seed), objects_max_(objects_max) {}

    // Runs so many steps, or up to the first fault. What was wrong; empty if nothing.
    const std::string& go(uint64_t steps) {
        for (uint64_t i = 0; i < steps && fault_.empty(); ++i) {
            if (i % kTide == 0)
                target_ = random_.below(objects_max_) + 1;
            step();
        }
        return fault_;
    }

    // Frees all that is left; the pool has to be empty then, and its pages gone.
    const std::string& finish() {
        while (!held_.empty())
            let_go();
        while (!handles_.empty() && fault_.empty())
            free_one();
        pool_.compact();
        const PoolStats stats = pool_.stats();
        expect(stats.objects == 0 && stats.stored_bytes == 0, "an empty pool counts objects");
        expect(pool_.pages() == 0, "an empty pool has pages");
        return fault_;
    }

    [[nodiscard]] size_t objects() const { return handles_.size(); }
    [[nodiscard]] size_t most_pages() const { return most_pages_; }

  private:
    static constexpr uint64_t kTide = 10'000;
    static constexpr size_t kHeldMax = 16;
    static constexpr size_t kGoneMax = 256;

    struct Known {
        uint64_t seed = 0;
        size_t bytes = 0;
        size_t place = 0; // in handles_
        uint32_t readers = 0;
        bool written = false; // mapped for writing

        [[nodiscard]] bool mapped() const { return readers > 0 || written; }
    };
    struct Held {
        Mapping mapping;
        uint64_t handle;
        MapMode mode;
    };

    void expect(bool right, const char* otherwise) {
        if (!right && fault_.empty())
            fault_ = otherwise;
    }
    template <typename T>
    void expect_failure(const Result<T>& result, Code code, const char* otherwise) {
        expect(!result && result.error().code == code, otherwise);
    }

    void step() {
        const uint64_t kind = random_.below(1000);
        const bool growing = handles_.size() < target_;
        if (kind < 400)
            growing ? malloc_one() : free_one();
        else if (kind < 500)
            growing ? free_one() : malloc_one();
        else if (kind < 800)
            read_one();
        else if (kind < 900)
            write_one();
        else if (kind < 940)
            hold_one();
        else if (kind < 980)
            let_go();
        else if (kind < 995)
            misuse();
        else if (random_.chance(1, 10))
            random_.chance(1, 2) ? compact() : shrink();
        else
            check_stats();
    }

    size_t random_size() {
        const size_t max = pool_.object_bytes_max();
        switch (random_.below(4)) {
        case 0:
            return random_.between(1, max);
        case 1:
            return random_.between(1, std::min<size_t>(max, 256));
        case 2:
            return max / random_.between(1, 16);
        default:
            return std::min<size_t>(max, size_t{96} * random_.between(1, 12));
        }
    }

    void malloc_one() {
        const size_t bytes = random_size();
        const PoolFlags flags =
            PoolFlags::from_bits(static_cast<uint32_t>(random_.below(4))).value();
        const size_t pages = pool_.pages();
        const Result<PoolHandle> handle = pool_.malloc(bytes, flags);
        most_pages_ = std::max(most_pages_, pool_.pages());
        if (flags.has(PoolFlags::kNoGrowth))
            expect(pool_.pages() <= pages, "it grew without leave");
        if (!handle) {
            expect_failure(handle, Code::kENOMEM, "malloc failed in a way of its own");
            expect(flags.has(PoolFlags::kNoGrowth), "malloc failed with all the memory there is");
            return;
        }
        const auto [at, fresh] =
            known_.try_emplace(handle->bits(), Known{random_.next(), bytes, handles_.size(), 0});
        expect(fresh, "a handle was given out twice");
        handles_.push_back(handle->bits());
        const Result<Mapping> mapping = pool_.map(*handle, MapMode::kWrite);
        expect(mapping && mapping->bytes().size() == bytes, "a fresh object cannot be mapped");
        if (!fault_.empty())
            return;
        if (flags.has(PoolFlags::kZeroed))
            for (const std::byte byte : mapping->bytes())
                expect(byte == std::byte{0}, "a zeroed object is none");
        fill_object(mapping->writable(), at->second.seed);
    }

    uint64_t any() { return handles_[random_.below(handles_.size())]; }

    void forget(uint64_t handle) {
        const auto at = known_.find(handle);
        const size_t place = at->second.place;
        known_.find(handles_.back())->second.place = place;
        std::swap(handles_[place], handles_.back());
        handles_.pop_back();
        known_.erase(at);
        if (gone_.size() < kGoneMax)
            gone_.push_back(handle);
        else
            gone_[random_.below(kGoneMax)] = handle;
    }

    void free_one() {
        if (handles_.empty())
            return;
        const uint64_t handle = any();
        const Status freed = pool_.free(PoolHandle::from_bits(handle));
        if (known_.at(handle).mapped()) {
            expect_failure(freed, Code::kEBUSY, "a mapped object was freed");
            return;
        }
        expect(freed.has_value(), "an object cannot be freed");
        forget(handle);
    }

    void read_one() {
        if (handles_.empty())
            return;
        const uint64_t handle = any();
        const Known& known = known_.at(handle);
        const Result<Mapping> mapping = pool_.map(PoolHandle::from_bits(handle), MapMode::kRead);
        if (known.written) {
            expect_failure(mapping, Code::kEBUSY, "an object is read while it is written");
            return;
        }
        expect(mapping && mapping->bytes().size() == known.bytes &&
                   object_is(mapping->bytes(), known.seed),
               "an object is not what was written");
    }

    void write_one() {
        if (handles_.empty())
            return;
        const uint64_t handle = any();
        Known& known = known_.at(handle);
        const Result<Mapping> mapping = pool_.map(PoolHandle::from_bits(handle), MapMode::kWrite);
        if (known.mapped()) {
            expect_failure(mapping, Code::kEBUSY, "an object is written while it is mapped");
            return;
        }
        expect(mapping && object_is(mapping->bytes(), known.seed),
               "an object is not what was written");
        known.seed = random_.next();
        if (mapping)
            fill_object(mapping->writable(), known.seed);
    }

    void hold_one() {
        if (handles_.empty() || held_.size() == kHeldMax)
            return;
        const uint64_t handle = any();
        Known& known = known_.at(handle);
        const MapMode mode = random_.chance(1, 3) ? MapMode::kWrite : MapMode::kRead;
        if (known.written || (mode == MapMode::kWrite && known.mapped()))
            return;
        Result<Mapping> mapping = pool_.map(PoolHandle::from_bits(handle), mode);
        expect(mapping.has_value(), "an object cannot be mapped");
        if (!mapping)
            return;
        held_.push_back({std::move(*mapping), handle, mode});
        known.readers += mode == MapMode::kRead ? 1 : 0;
        known.written = mode == MapMode::kWrite;
    }

    void let_go() {
        if (held_.empty())
            return;
        const Held& held = held_.back();
        Known& known = known_.at(held.handle);
        expect(object_is(held.mapping.bytes(), known.seed), "an object moved while it was mapped");
        known.readers -= held.mode == MapMode::kRead ? 1 : 0;
        known.written = held.mode != MapMode::kWrite && known.written;
        held_.pop_back();
    }

    void misuse() {
        expect_failure(pool_.malloc(0, PoolFlags::none()), Code::kEINVAL, "an object of no bytes");
        expect_failure(pool_.malloc(pool_.object_bytes_max() + 1, PoolFlags::none()), Code::kEINVAL,
                       "an object that is too large");
        expect_failure(pool_.free(PoolHandle()), Code::kESTALE, "nothing was freed");
        if (gone_.empty())
            return;
        const PoolHandle handle = PoolHandle::from_bits(gone_[random_.below(gone_.size())]);
        expect_failure(pool_.free(handle), Code::kESTALE, "an object was freed twice");
        expect_failure(pool_.map(handle, MapMode::kRead), Code::kESTALE, "a stale handle maps");
    }

    void compact() {
        const size_t before = pool_.pages();
        const size_t saved = pool_.compact();
        expect(pool_.pages() + saved <= before, "compaction saved less than it says");
        expect(pool_.compact() == 0 || !held_.empty(), "a second compaction found more");
    }

    // One in eight refuses to be written back.
    void shrink() {
        const size_t before = pool_.pages();
        const size_t wanted = random_.below(16) + 1;
        const Result<size_t> given =
            pool_.shrink(wanted, [&](PoolHandle handle, Bytes bytes) -> Status {
                const auto at = known_.find(handle.bits());
                if (at == known_.end() || at->second.mapped() ||
                    !object_is(bytes, at->second.seed)) {
                    fault_ = "what is evicted is not what was written, or is in use";
                    return fail(Code::kEIO, "run: eviction");
                }
                if (random_.chance(1, 8))
                    return fail(Code::kENOSPC, "run: refused");
                expect_failure(pool_.free(handle), Code::kEBUSY, "freed while it is evicted");
                forget(handle.bits());
                return ok();
            });
        expect(given && pool_.pages() + *given <= before, "shrink gave less back than it says");
    }

    void check_stats() {
        const PoolStats stats = pool_.stats();
        size_t bytes = 0;
        for (const auto& [handle, known] : known_)
            bytes += known.bytes;
        expect(stats.objects == known_.size() && stats.stored_bytes == bytes,
               "it counts other objects than there are");
        expect((stats.pages - stats.spare_pages) * kPoolPageBytes >= bytes,
               "more bytes than its pages have");
        PoolClass sum;
        for (const PoolClass& one : pool_.classes()) {
            expect(one.object_bytes > sum.object_bytes, "classes out of order");
            expect(one.objects <= one.places, "more objects than places");
            sum = {one.object_bytes, sum.objects + one.objects, 0, sum.pages + one.pages};
        }
        expect(sum.objects == stats.objects && sum.pages == stats.pages - stats.spare_pages,
               "its classes do not add up");
    }

    Driver& pool_;
    Random random_;
    size_t objects_max_;
    size_t target_ = 0;
    std::map<uint64_t, Known> known_;
    std::vector<uint64_t> handles_;
    std::vector<uint64_t> gone_;
    std::vector<Held> held_;
    size_t most_pages_ = 0;
    std::string fault_;
};

} // namespace vexfs
