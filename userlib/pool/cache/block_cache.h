// SPDX-License-Identifier: Apache-2.0
//
// The cache of blocks: a hot tier of blocks as they are used, and below it, for those kinds of
// blocks that it pays for, a cold tier of the same blocks compressed. Both share one budget.
//
// A block that leaves the hot tier, and was asked for more than once there, is compressed by
// whoever made it leave, and goes back to the hot tier when it is asked for again. What lies in
// memory is trusted: checksums were verified when the block came from the device. A block is in one
// tier at a time; a put replaces it in both.
//
// Blocks of which pieces are wanted, as of vectors, are kept as they are stored: in a pool, under
// the same budget and the same rules of who leaves, and decoded where they are mapped.
//
// Threads: any thread, locks inside.
#pragma once

#include <atomic>
#include <memory>
#include <vector>

#include "userlib/pool/cache/cache.h"
#include "userlib/pool/cache/cache_trace.h"
#include "userlib/pool/cache/cold_tier.h"
#include "userlib/pool/pooled_bytes.h"

namespace vexfs {

enum class BlockKind : uint8_t { kNode, kRecord, kStored };

// What lies at an address, decoded; the birth tells it from what lay there before.
struct CachedBlock {
    uint64_t birth = 0;
    std::vector<std::byte> bytes;
    BlockKind kind = BlockKind::kNode;
};

// One of kind kStored, whose bytes are in a pool.
struct StoredBlock final : CachedBlock {
    PooledBytes pooled;
};

// The bytes of a block as it is stored, where they are.
class MappedBlock {
  public:
    MappedBlock(std::shared_ptr<const StoredBlock> block, Mapping mapping)
        : block_(std::move(block)), mapping_(std::move(mapping)) {}

    [[nodiscard]] Bytes bytes() const { return mapping_.bytes(); }

  private:
    std::shared_ptr<const StoredBlock> block_; // outlives its mapping
    Mapping mapping_;
};

struct ColdOptions {
    static constexpr uint32_t kPercentMax = 90;

    // Of the budget, at most kPercentMax; 0: no cold tier. userlib/pool/README.md says when it
    // pays.
    uint32_t percent = 0;
    bool nodes = true;
    bool records = true;
    // Of pool_names(), of blocks as they are stored, too; empty: kDefaultPool.
    std::string_view pool = {};
};

class BlockCache {
  public:
    using Handle = std::shared_ptr<const CachedBlock>;

    // Of blocks as they are stored; the hot tier counts their bytes and values among its own.
    struct Stored {
        size_t bytes = 0;
        size_t blocks = 0;
        uint64_t hits = 0;
        uint64_t misses = 0;
    };
    struct Counts {
        Cache<CachedBlock>::Counts hot; // its misses: what the cold tier was asked for
        ColdTier::Counts cold;
        Stored stored;
    };

    explicit BlockCache(size_t budget_bytes, const ColdOptions& cold = {},
                        CachePolicy policy = kDefaultCachePolicy);

    // The block, or nothing.
    Handle get(uint64_t key, Cache<CachedBlock>::Use use = Cache<CachedBlock>::Use::kCounted);
    // Takes the place of what was there under this key.
    void put(uint64_t key, Handle block);
    // The same of one that nobody has asked for yet.
    void put_ahead(uint64_t key, Handle block);
    // Whether get() would find one, without asking for it.
    [[nodiscard]] bool contains(uint64_t key) const;

    // The block as it is stored, if there is one of that birth. It has nothing to do with what
    // get() gives of the same address.
    std::optional<MappedBlock> map_stored(uint64_t address, uint64_t birth);
    // Copies it, into the pool of that driver, or the chosen one if none is named. Lack of memory
    // keeps it out, and nothing else.
    void put_stored(uint64_t address, uint64_t birth, Bytes bytes, std::string_view pool = {});

    // What is over a smaller budget leaves at once.
    void set_budget(size_t budget_bytes);
    [[nodiscard]] size_t budget() const;
    [[nodiscard]] size_t hot_budget() const { return hot_->budget(); }
    // Whether so many bytes more would make no block leave the hot tier.
    [[nodiscard]] bool has_room(size_t bytes) const;
    [[nodiscard]] Counts counts() const;
    [[nodiscard]] CachePolicy policy() const { return policy_; }
    // Records from now on what it is asked for and given. Before anybody else uses it.
    void record(std::unique_ptr<CacheTrace> trace) { trace_ = std::move(trace); }
    // The driver of both kinds of pools, for blocks that come from now on; those that are there
    // stay where they are until they leave the cache. EINVAL if no driver has that name.
    Status set_pool(std::string_view driver);
    [[nodiscard]] std::string_view pool() const { return stored_pools_.chosen(); }
    // Of the cold tier; without one there is none.
    [[nodiscard]] const BlockPools* cold_pools() const { return cold_ ? &cold_->pools() : nullptr; }
    // Of the blocks as they are stored.
    [[nodiscard]] const BlockPools& stored_pools() const { return stored_pools_; }

  private:
    Handle take_cold(uint64_t key);
    void keep(uint64_t key, Handle block, size_t bytes, Cache<CachedBlock>::Past past);
    [[nodiscard]] size_t cold_bytes(size_t budget_bytes) const;

    void note(uint64_t key, const Handle& block);
    void note(uint64_t key, size_t bytes, CacheEvent::Kind kind);

    const ColdOptions options_;
    const CachePolicy policy_;
    std::unique_ptr<CacheTrace> trace_; // none: nothing is recorded
    BlockPools stored_pools_;           // they outlive the blocks in the hot tier
    std::atomic<uint64_t> stored_hits_ = 0;
    std::atomic<uint64_t> stored_misses_ = 0;
    std::atomic<uint64_t> stored_stale_ = 0; // of the misses: of another birth
    std::atomic<uint64_t> stored_puts_ = 0;
    const std::unique_ptr<Cache<CachedBlock>> hot_;
    std::unique_ptr<ColdTier> cold_; // none if the options say so
};

} // namespace vexfs
