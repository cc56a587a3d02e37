// SPDX-License-Identifier: Apache-2.0
//
// Compressed blocks in a pool, by a 64-bit key: what has left a cache, and may be wanted again.
//
// A block is kept if it becomes smaller by a sixteenth. The coldest go when the budget is used up;
// the budget counts the pool's pages and all that is known of the blocks. Lack of memory costs
// blocks and nothing else: what is not here is on the device.
//
// Threads: any thread; one at a time compresses.
#pragma once

#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "base/mutex.h"
#include "userlib/pool/block_pools.h"
#include "userlib/pool/codec/codec.h"

namespace vexfs {

class ColdTier {
  public:
    // The tag comes back with the bytes: the caller's means to tell apart what had the key in turn.
    struct Block {
        uint64_t tag = 0;
        std::vector<std::byte> bytes;
    };
    struct Counts {
        size_t bytes = 0;  // of memory
        size_t blocks = 0; // in it
        uint64_t hits = 0;
        uint64_t misses = 0;
        uint64_t refused = 0;     // did not become smaller, or are still too large for the pool
        uint64_t plain_bytes = 0; // of all that was taken in, and what became of it
        uint64_t coded_bytes = 0;
    };
    // Blocks of more bytes are not kept.
    static constexpr size_t kBlockBytesMax = kPoolObjectBytesMax;

    // `driver`: of pool_names(); empty: the default.
    ColdTier(std::string_view driver, size_t budget_bytes);

    // Takes the place of what was there under this key.
    void put(uint64_t key, uint64_t tag, Bytes bytes);
    // Takes it out, or nothing.
    std::optional<Block> take(uint64_t key);
    void erase(uint64_t key);
    [[nodiscard]] bool contains(uint64_t key) const;
    // What is over a smaller budget leaves at once.
    void set_budget(size_t budget_bytes);
    [[nodiscard]] size_t budget() const;
    [[nodiscard]] Counts counts() const;
    // New blocks go to the one that is chosen; the others lose theirs first.
    [[nodiscard]] BlockPools& pools() { return pools_; }
    [[nodiscard]] const BlockPools& pools() const { return pools_; }

  private:
    // What stands before the compressed bytes of an object.
    struct Head {
        uint64_t key = 0;
        uint64_t tag = 0;
        uint32_t block_bytes = 0;
        uint32_t zero = 0;
    };

    // An object and the pool that it is in.
    struct Place {
        AnyPool* pool = nullptr;
        PoolHandle handle;

        friend bool operator==(const Place&, const Place&) = default;
    };

    Result<size_t> encode(Bytes bytes) VEXFS_REQUIRES(coder_mutex_);
    Status store(const Head& head, Bytes encoded);
    static Status read(const Place& place, Block& block);
    Result<Place> room_for(size_t bytes);
    // Evicts until so many bytes fit the budget. False if nothing more could go.
    bool make_room(size_t bytes);
    // Returns how many pages one pool gave back.
    size_t shrink(AnyPool& pool, size_t pages);
    [[nodiscard]] size_t used_bytes() const;
    // Where the object is, which nobody finds any more; no pool if there is none.
    Place unlist(uint64_t key);

    BlockPools pools_;
    Mutex coder_mutex_; // before mutex_
    CodecState coder_state_ VEXFS_GUARDED_BY(coder_mutex_);
    std::vector<std::byte> encoded_ VEXFS_GUARDED_BY(coder_mutex_);
    mutable Mutex mutex_; // not held while the pool evicts
    std::unordered_map<uint64_t, Place> places_ VEXFS_GUARDED_BY(mutex_);
    size_t budget_bytes_ VEXFS_GUARDED_BY(mutex_);
    Counts counts_ VEXFS_GUARDED_BY(mutex_);
};

} // namespace vexfs
