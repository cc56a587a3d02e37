// SPDX-License-Identifier: Apache-2.0
//
// What a pool knows of each object: its generation, its place, its size, and who has it mapped.
//
// A place in the table is used again, with the next generation; one that has had all of them never
// is. The table does not shrink: forgetting a generation would let a stale handle name another
// object.
//
// Threads: one thread at a time.
#pragma once

#include <array>
#include <memory>
#include <vector>

#include "userlib/pool/pool.h"

namespace vexfs {

// Where a driver has put an object: its pages, and which part of them.
struct Spot {
    uint32_t home = 0;
    uint16_t place = 0;
};

class HandleTable {
  public:
    struct Entry {
        uint32_t generation = 0; // odd while there is an object
        uint32_t home = 0;       // of no object: the next free place
        uint32_t bytes = 0;
        uint16_t place = 0;
        uint16_t users = 0; // readers, or kWriter

        [[nodiscard]] Spot spot() const { return {home, place}; }
    };
    static constexpr uint16_t kWriter = 0xffff;
    static constexpr uint16_t kReadersMax = kWriter - 1;
    static constexpr size_t kObjectsMax = size_t{1} << 31;

    // A place for a new object, whose entry is the caller's to fill; ENOMEM if there are too many.
    // May be cut off by lack of memory.
    Result<PoolHandle> take() {
        if (free_ == kNone)
            VEXFS_TRY_VOID(grow());
        const uint32_t index = free_;
        Entry& entry = at(index);
        free_ = entry.home;
        ++entry.generation;
        return PoolHandle(index, entry.generation);
    }

    void drop(uint32_t index) {
        Entry& entry = at(index);
        ++entry.generation;
        entry.users = 0;
        if (entry.generation == 0) // all were used up, and no handle is of an even one
            return;
        entry.home = free_;
        free_ = index;
    }

    // Null if the handle names no object.
    Entry* find(PoolHandle handle) {
        if (handle.index() >= chunks_.size() * kChunk || handle.generation() % 2 == 0)
            return nullptr;
        Entry& entry = at(handle.index());
        return entry.generation == handle.generation() ? &entry : nullptr;
    }

    Entry& at(uint32_t index) { return (*chunks_[index / kChunk])[index % kChunk]; }
    [[nodiscard]] PoolHandle handle_of(uint32_t index) { return {index, at(index).generation}; }
    [[nodiscard]] size_t metadata_bytes() const {
        return chunks_.size() * sizeof(Chunk) + chunks_.capacity() * sizeof(chunks_[0]);
    }

  private:
    static constexpr uint32_t kChunk = 256;
    static constexpr uint32_t kNone = 0xffffffff;
    using Chunk = std::array<Entry, kChunk>;

    Status grow() {
        const size_t first = chunks_.size() * kChunk;
        if (first + kChunk > kObjectsMax)
            return fail(Code::kENOMEM, "pool: no more objects can be told apart");
        chunks_.push_back(std::make_unique<Chunk>());
        for (uint32_t i = kChunk; i-- > 0;) {
            (*chunks_.back())[i].home = free_;
            free_ = static_cast<uint32_t>(first) + i;
        }
        return ok();
    }

    std::vector<std::unique_ptr<Chunk>> chunks_;
    uint32_t free_ = kNone;
};

} // namespace vexfs
