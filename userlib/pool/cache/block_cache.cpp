// SPDX-License-Identifier: Apache-2.0
#include "userlib/pool/cache/block_cache.h"

#include <algorithm>

#include "base/guard.h"
#include "userlib/pool/cache/arc.h"
#include "userlib/pool/cache/s3_fifo.h"

namespace vexfs {

namespace {

// A pool has a chain of pages for each size: in less than this there is hardly room for them.
constexpr size_t kColdBytesMin = size_t{4} << 20;
// What is known of a block, in the cache and in the pool.
constexpr size_t kListedBytes = 256;
// Addresses of blocks are smaller.
constexpr uint64_t kStoredKey = uint64_t{1} << 63;
// After so many puts it is looked whether the pool has to be compacted.
constexpr uint64_t kTidyPuts = 256;
// What a pool may have beside an eighth of what is in it.
constexpr size_t kPoolSlackBytes = size_t{1} << 20;

std::unique_ptr<Cache<CachedBlock>> make_hot_tier(CachePolicy policy, size_t budget_bytes) {
    if (policy == CachePolicy::kArc)
        return std::make_unique<Arc<CachedBlock>>(budget_bytes);
    return std::make_unique<S3Fifo<CachedBlock>>(budget_bytes);
}

std::unique_ptr<ColdTier> make_cold_tier(const ColdOptions& cold, size_t budget_bytes) {
    if (cold.percent == 0)
        return nullptr;
    return std::make_unique<ColdTier>(cold.pool, budget_bytes);
}

// Blocks that leave make holes, unless each has pages of its own.
void tidy(AnyPool& pool) {
    const PoolStats stats = pool.stats();
    if (stats.total_bytes() > stats.stored_bytes + stats.stored_bytes / 8 + kPoolSlackBytes)
        pool.compact();
}

} // namespace

BlockCache::BlockCache(size_t budget_bytes, const ColdOptions& cold, CachePolicy policy)
    : options_(cold), policy_(policy), stored_pools_(cold.pool),
      hot_(make_hot_tier(policy, budget_bytes - cold_bytes(budget_bytes))),
      cold_(make_cold_tier(cold, cold_bytes(budget_bytes))) {
    if (!cold_)
        hot_->set_budget(budget_bytes);
}

void BlockCache::note(uint64_t key, size_t bytes, CacheEvent::Kind kind) {
    if (trace_)
        trace_->add({key, static_cast<uint32_t>(bytes), kind});
}

// Of somebody who asked for it.
void BlockCache::note(uint64_t key, const Handle& block) {
    if (!trace_)
        return;
    note(key, block ? block->bytes.size() + kListedBytes : 0,
         block ? CacheEvent::kHit : CacheEvent::kMiss);
}

size_t BlockCache::cold_bytes(size_t budget_bytes) const {
    const size_t bytes = budget_bytes / 100 * std::min(options_.percent, ColdOptions::kPercentMax);
    return bytes < kColdBytesMin ? 0 : bytes;
}

BlockCache::Handle BlockCache::get(uint64_t key, Cache<CachedBlock>::Use use) {
    Handle block = hot_->get(key, use);
    if (!block && cold_)
        block = take_cold(key);
    if (use == Cache<CachedBlock>::Use::kCounted)
        note(key, block);
    return block;
}

BlockCache::Handle BlockCache::take_cold(uint64_t key) {
    std::optional<ColdTier::Block> found = cold_->take(key);
    if (!found)
        return nullptr;
    // Its kind: nodes and records never share an address and a birth.
    auto block = std::make_shared<CachedBlock>();
    block->birth = found->tag >> 1;
    block->bytes = std::move(found->bytes);
    block->kind = (found->tag & 1) == 0 ? BlockKind::kNode : BlockKind::kRecord;
    keep(key, block, block->bytes.size(), Cache<CachedBlock>::Past::kProven);
    return block;
}

void BlockCache::put(uint64_t key, Handle block) {
    if (cold_)
        cold_->erase(key);
    const size_t bytes = block->bytes.size();
    note(key, bytes + kListedBytes, CacheEvent::kPut);
    keep(key, std::move(block), bytes, Cache<CachedBlock>::Past::kUnknown);
}

void BlockCache::put_ahead(uint64_t key, Handle block) {
    if (cold_)
        cold_->erase(key);
    const size_t bytes = block->bytes.size();
    note(key, bytes + kListedBytes, CacheEvent::kAhead);
    keep(key, std::move(block), bytes, Cache<CachedBlock>::Past::kAhead);
}

bool BlockCache::contains(uint64_t key) const {
    return hot_->contains(key) || (cold_ && cold_->contains(key));
}

std::optional<MappedBlock> BlockCache::map_stored(uint64_t address, uint64_t birth) {
    auto block = std::static_pointer_cast<const StoredBlock>(hot_->get(address | kStoredKey));
    if (block && block->birth == birth) {
        if (Result<Mapping> mapping = block->pooled.map()) {
            ++stored_hits_;
            note(address | kStoredKey, mapping->bytes().size() + kListedBytes, CacheEvent::kHit);
            return MappedBlock(std::move(block), std::move(*mapping));
        }
    }
    note(address | kStoredKey, 0, CacheEvent::kMiss);
    stored_stale_ += block ? 1 : 0;
    ++stored_misses_;
    return std::nullopt;
}

void BlockCache::put_stored(uint64_t address, uint64_t birth, Bytes bytes,
                            std::string_view driver) {
    AnyPool* const pool = stored_pools_.get(driver);
    if (pool == nullptr)
        return;
    static_cast<void>(guard(fail(Code::kENOMEM, "block cache: put"), [&]() -> Status {
        auto block = std::make_shared<StoredBlock>();
        block->birth = birth;
        block->kind = BlockKind::kStored;
        block->pooled = VEXFS_TRY(PooledBytes::copy(bytes, *pool));
        note(address | kStoredKey, bytes.size() + kListedBytes, CacheEvent::kPut);
        keep(address | kStoredKey, std::move(block), bytes.size(),
             Cache<CachedBlock>::Past::kUnknown);
        if (++stored_puts_ % kTidyPuts == 0)
            for (AnyPool* const each : stored_pools_.all())
                tidy(*each);
        return ok();
    }));
}

void BlockCache::keep(uint64_t key, Handle block, size_t bytes, Cache<CachedBlock>::Past past) {
    const size_t cost = bytes + kListedBytes;
    if (!cold_) {
        hot_->put(key, std::move(block), cost, nullptr, past);
        return;
    }
    std::vector<Cache<CachedBlock>::Left> left;
    hot_->put(key, std::move(block), cost, &left, past);
    for (const auto& [left_key, value] : left) {
        const bool node = value->kind == BlockKind::kNode;
        if (value->kind == BlockKind::kStored) // in no other form
            continue;
        if (node ? options_.nodes : options_.records)
            cold_->put(left_key, value->birth << 1 | (node ? 0 : 1), value->bytes);
    }
}

void BlockCache::set_budget(size_t budget_bytes) {
    const size_t cold = cold_ ? cold_bytes(budget_bytes) : 0;
    hot_->set_budget(budget_bytes - cold);
    if (cold_)
        cold_->set_budget(cold);
}

size_t BlockCache::budget() const {
    const size_t hot = hot_->budget();
    return cold_ ? hot + cold_->budget() : hot;
}

bool BlockCache::has_room(size_t bytes) const {
    const size_t budget = hot_->budget();
    const size_t taken = hot_->counts().bytes;
    return taken <= budget && bytes <= budget - taken;
}

BlockCache::Counts BlockCache::counts() const {
    Counts counts{hot_->counts(), cold_ ? cold_->counts() : ColdTier::Counts{}, {}};
    counts.stored.hits = stored_hits_;
    counts.stored.misses = stored_misses_;
    const uint64_t stale = stored_stale_;
    counts.hot.hits -= std::min(counts.hot.hits, counts.stored.hits + stale);
    counts.hot.misses -= std::min(counts.hot.misses, counts.stored.misses - stale);
    const PoolStats stored = stored_pools_.stats();
    counts.stored.bytes = stored.stored_bytes;
    counts.stored.blocks = stored.objects;
    return counts;
}

Status BlockCache::set_pool(std::string_view driver) {
    if (!stored_pools_.choose(driver))
        return fail(Code::kEINVAL, "cache: no pool has that name");
    if (cold_)
        static_cast<void>(cold_->pools().choose(driver));
    return ok();
}

} // namespace vexfs
