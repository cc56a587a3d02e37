// SPDX-License-Identifier: Apache-2.0
//
// PoolDriver: what all drivers do alike, over a placement that decides where objects lie.
//
// One lock guards handles and placement. It is not held while an object is mapped, and not while
// one is written back; a compaction lets go of it after each page or chain.
//
// Threads: any thread.
#pragma once

#include <cstring>
#include <vector>

#include "base/guard.h"
#include "base/mutex.h"
#include "userlib/pool/class_placement.h"
#include "userlib/pool/fold_placement.h"
#include "userlib/pool/pool.h"

namespace vexfs {

template <typename Placement>
class PoolDriver {
  public:
    static constexpr std::string_view kName = Placement::kName;

    explicit PoolDriver(const PoolOptions& options) : placement_(checked(options), table_) {}
    // Nothing is mapped any more.
    ~PoolDriver() { VEXFS_ASSERT(mapped_ == 0); }
    PoolDriver(const PoolDriver&) = delete;
    PoolDriver& operator=(const PoolDriver&) = delete;

    Result<PoolHandle> malloc(size_t bytes, PoolFlags flags) {
        if (bytes == 0 || bytes > placement_.object_bytes_max())
            return fail(Code::kEINVAL, "pool: an object of no such size");
        return guard(fail(Code::kEIO, "pool: allocation"), [&]() -> Result<PoolHandle> {
            MutexLock lock(mutex_);
            const PoolHandle handle = VEXFS_TRY(table_.take());
            Unless taken(table_, handle.index());
            const Spot spot = VEXFS_TRY(
                placement_.place(bytes, handle.index(), !flags.has(PoolFlags::kNoGrowth)));
            taken.done = true;
            HandleTable::Entry& entry = table_.at(handle.index());
            entry.home = spot.home;
            entry.place = spot.place;
            entry.bytes = static_cast<uint32_t>(bytes);
            if (flags.has(PoolFlags::kZeroed))
                std::memset(placement_.memory(spot), 0, bytes);
            ++objects_;
            stored_bytes_ += bytes;
            return handle;
        });
    }

    Status free(PoolHandle handle) {
        MutexLock lock(mutex_);
        const HandleTable::Entry* const entry = table_.find(handle);
        if (entry == nullptr)
            return fail(Code::kESTALE, "pool: the handle names no object");
        if (entry->users > 0)
            return fail(Code::kEBUSY, "pool: the object is mapped");
        release(handle.index());
        return ok();
    }

    Result<Mapping> map(PoolHandle handle, MapMode mode) {
        MutexLock lock(mutex_);
        HandleTable::Entry* const entry = table_.find(handle);
        if (entry == nullptr)
            return fail(Code::kESTALE, "pool: the handle names no object");
        const uint16_t users_max = mode == MapMode::kWrite ? 0 : HandleTable::kReadersMax - 1;
        if (entry->users > users_max)
            return fail(Code::kEBUSY, "pool: the object is mapped");
        entry->users = mode == MapMode::kWrite ? HandleTable::kWriter
                                               : static_cast<uint16_t>(entry->users + 1);
        ++mapped_;
        placement_.touch(entry->home);
        return Mapping(this, unmap, handle.index(),
                       {placement_.memory(entry->spot()), entry->bytes}, mode);
    }

    Result<size_t> shrink(size_t pages, const Evict& evict) {
        if (!evict)
            return fail(Code::kEINVAL, "pool: nothing to write objects back with");
        return guard(fail(Code::kEIO, "pool: eviction"),
                     [&]() -> Result<size_t> { return shrink_by(pages, evict); });
    }

    size_t compact() {
        {
            MutexLock lock(mutex_);
            placement_.begin_compaction();
        }
        size_t pages = 0;
        for (bool more = true; more;) {
            MutexLock lock(mutex_);
            const auto step = placement_.compact_step();
            pages += step ? step->pages : 0;
            moved_ += step ? step->moved : 0;
            more = step.has_value();
        }
        MutexLock lock(mutex_);
        placement_.source().trim();
        return pages;
    }

    [[nodiscard]] size_t pages() const {
        MutexLock lock(mutex_);
        return placement_.source().in_use() + placement_.source().spare();
    }
    [[nodiscard]] size_t object_bytes_max() const { return placement_.object_bytes_max(); }

    [[nodiscard]] std::vector<PoolClass> classes() const {
        MutexLock lock(mutex_);
        return placement_.classes();
    }

    [[nodiscard]] PoolStats stats() const {
        MutexLock lock(mutex_);
        const PageSource& source = placement_.source();
        return {objects_,
                stored_bytes_,
                source.in_use() + source.spare(),
                source.spare(),
                table_.metadata_bytes() + placement_.metadata_bytes() + source.metadata_bytes(),
                moved_,
                evicted_};
    }

  private:
    // Gives the entry back if what follows fails or is cut off.
    struct Unless {
        Unless(HandleTable& owner, uint32_t place) : table(owner), index(place) {}
        ~Unless() {
            if (!done)
                table.drop(index);
        }
        Unless(const Unless&) = delete;
        Unless& operator=(const Unless&) = delete;

        HandleTable& table;
        uint32_t index;
        bool done = false;
    };
    struct Candidate {
        PoolHandle handle;
        Bytes bytes;
        bool evicted = false;
    };

    static const PoolOptions& checked(const PoolOptions& options) {
        VEXFS_ASSERT(options.object_bytes_max > 0 &&
                     options.object_bytes_max <= kPoolObjectBytesMax && options.supply != nullptr);
        return options;
    }

    static void unmap(void* pool, uint32_t index) {
        static_cast<PoolDriver*>(pool)->unmap_index(index);
    }
    void unmap_index(uint32_t index) {
        MutexLock lock(mutex_);
        uint16_t& users = table_.at(index).users;
        users = users == HandleTable::kWriter ? 0 : static_cast<uint16_t>(users - 1);
        --mapped_;
    }

    // Returns the pages that were given back.
    size_t release(uint32_t index) VEXFS_REQUIRES(mutex_) {
        const HandleTable::Entry& entry = table_.at(index);
        --objects_;
        stored_bytes_ -= entry.bytes;
        const size_t pages = placement_.remove(entry.spot());
        table_.drop(index);
        return pages;
    }

    Result<size_t> shrink_by(size_t pages, const Evict& evict) {
        size_t given = 0, tries = 0;
        {
            MutexLock lock(mutex_);
            given = placement_.source().trim();
            tries = placement_.home_count();
        }
        std::vector<uint32_t> owners;
        std::vector<Candidate> candidates;
        for (; given < pages && tries > 0; --tries) {
            if (!isolate(owners, candidates))
                continue;
            for (Candidate& one : candidates)
                one.evicted = guard(fail(Code::kEIO, "pool: eviction"), [&] {
                                  return evict(one.handle, one.bytes);
                              }).has_value();
            given += settle(candidates);
        }
        MutexLock lock(mutex_);
        placement_.source().trim();
        return given;
    }

    // Takes the objects of the coldest home out of use. False if one of them is in use.
    bool isolate(std::vector<uint32_t>& owners, std::vector<Candidate>& candidates) {
        MutexLock lock(mutex_);
        owners.clear();
        candidates.clear();
        const uint32_t home = placement_.coldest();
        if (home == kNoHome)
            return false;
        placement_.owners(home, owners);
        candidates.reserve(owners.size());
        placement_.heat(home); // should one of them stay, the next try is of another home
        for (const uint32_t owner : owners) {
            if (table_.at(owner).users > 0)
                return false;
        }
        for (const uint32_t owner : owners) {
            HandleTable::Entry& entry = table_.at(owner);
            entry.users = HandleTable::kWriter;
            candidates.push_back(
                {table_.handle_of(owner), {placement_.memory(entry.spot()), entry.bytes}, false});
        }
        return true;
    }

    // Frees what was evicted and lets the others be used again.
    size_t settle(const std::vector<Candidate>& candidates) {
        MutexLock lock(mutex_);
        size_t pages = 0;
        for (const Candidate& one : candidates) {
            table_.at(one.handle.index()).users = 0;
            if (!one.evicted)
                continue;
            pages += release(one.handle.index());
            ++evicted_;
        }
        return pages;
    }

    mutable Mutex mutex_;
    HandleTable table_ VEXFS_GUARDED_BY(mutex_);
    Placement placement_; // guarded by mutex_, all but its largest size
    size_t objects_ VEXFS_GUARDED_BY(mutex_) = 0;
    size_t stored_bytes_ VEXFS_GUARDED_BY(mutex_) = 0;
    size_t mapped_ VEXFS_GUARDED_BY(mutex_) = 0;
    uint64_t moved_ VEXFS_GUARDED_BY(mutex_) = 0;
    uint64_t evicted_ VEXFS_GUARDED_BY(mutex_) = 0;
};

using Zbud = PoolDriver<ZbudPlacement>;
using Z3fold = PoolDriver<Z3foldPlacement>;
using Zsmalloc = PoolDriver<ClassPlacement>;
static_assert(Pool<Zbud> && Pool<Z3fold> && Pool<Zsmalloc>);

} // namespace vexfs
