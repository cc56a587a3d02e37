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
// Threads: any thread, locks inside.
#pragma once

#include <memory>
#include <vector>

#include "userlib/pool/cache/cache.h"
#include "userlib/pool/cache/cold_tier.h"

namespace vexfs {

enum class BlockKind : uint8_t { kNode, kRecord };

// What lies at an address, decoded; the birth tells it from what lay there before.
struct CachedBlock {
    uint64_t birth = 0;
    std::vector<std::byte> bytes;
    BlockKind kind = BlockKind::kNode;
};

struct ColdOptions {
    static constexpr uint32_t kPercentMax = 90;

    // Of the budget, at most kPercentMax; 0: no cold tier. userlib/pool/README.md says when it
    // pays.
    uint32_t percent = 0;
    bool nodes = true;
    bool records = true;
    std::string_view pool = kDefaultPool; // of pool_names()
};

class BlockCache {
  public:
    using Handle = std::shared_ptr<const CachedBlock>;

    struct Counts {
        Cache<CachedBlock>::Counts hot; // its misses: what the cold tier was asked for
        ColdTier::Counts cold;
    };
    // Of the cold tier; without one there are none.
    struct PoolReport {
        std::string_view driver;
        PoolStats stats;
        std::vector<PoolClass> classes;
    };

    explicit BlockCache(size_t budget_bytes, const ColdOptions& cold = {});

    // The block, or nothing.
    Handle get(uint64_t key);
    // Takes the place of what was there under this key.
    void put(uint64_t key, Handle block);

    // What is over a smaller budget leaves at once.
    void set_budget(size_t budget_bytes);
    [[nodiscard]] size_t budget() const;
    [[nodiscard]] Counts counts() const;
    [[nodiscard]] std::optional<PoolReport> pool() const;

  private:
    void keep(uint64_t key, Handle block, Cache<CachedBlock>::Past past);
    [[nodiscard]] size_t cold_bytes(size_t budget_bytes) const;

    const ColdOptions options_;
    Cache<CachedBlock> hot_;
    std::unique_ptr<ColdTier> cold_; // none if the options say so
};

} // namespace vexfs
