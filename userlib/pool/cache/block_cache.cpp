// SPDX-License-Identifier: Apache-2.0
#include "userlib/pool/cache/block_cache.h"

#include <algorithm>

namespace vexfs {

namespace {

// A pool has a chain of pages for each size: in less than this there is hardly room for them.
constexpr size_t kColdBytesMin = size_t{4} << 20;

// A pool that cannot be made costs its hits, and nothing else.
std::unique_ptr<ColdTier> make_cold_tier(const ColdOptions& cold, size_t budget_bytes) {
    if (cold.percent == 0)
        return nullptr;
    PoolOptions options;
    options.object_bytes_max = kPoolObjectBytesMax;
    auto pool = make_pool(cold.pool, options);
    if (!pool)
        return nullptr;
    return std::make_unique<ColdTier>(std::move(*pool), budget_bytes);
}

} // namespace

BlockCache::BlockCache(size_t budget_bytes, const ColdOptions& cold)
    : options_(cold), hot_(budget_bytes - cold_bytes(budget_bytes)),
      cold_(make_cold_tier(cold, cold_bytes(budget_bytes))) {
    if (!cold_)
        hot_.set_budget(budget_bytes);
}

size_t BlockCache::cold_bytes(size_t budget_bytes) const {
    const size_t bytes = budget_bytes / 100 * std::min(options_.percent, ColdOptions::kPercentMax);
    return bytes < kColdBytesMin ? 0 : bytes;
}

BlockCache::Handle BlockCache::get(uint64_t key) {
    if (Handle block = hot_.get(key))
        return block;
    if (!cold_)
        return nullptr;
    std::optional<ColdTier::Block> found = cold_->take(key);
    if (!found)
        return nullptr;
    // Its kind: nodes and records never share an address and a birth.
    auto block = std::make_shared<CachedBlock>();
    block->birth = found->tag >> 1;
    block->bytes = std::move(found->bytes);
    block->kind = (found->tag & 1) == 0 ? BlockKind::kNode : BlockKind::kRecord;
    keep(key, block, Cache<CachedBlock>::Past::kProven);
    return block;
}

void BlockCache::put(uint64_t key, Handle block) {
    if (cold_)
        cold_->erase(key);
    keep(key, std::move(block), Cache<CachedBlock>::Past::kUnknown);
}

void BlockCache::keep(uint64_t key, Handle block, Cache<CachedBlock>::Past past) {
    const size_t cost = block->bytes.size() + sizeof(CachedBlock);
    if (!cold_) {
        hot_.put(key, std::move(block), cost, nullptr, past);
        return;
    }
    std::vector<Cache<CachedBlock>::Left> left;
    hot_.put(key, std::move(block), cost, &left, past);
    for (const auto& [left_key, value] : left) {
        const bool node = value->kind == BlockKind::kNode;
        if (node ? options_.nodes : options_.records)
            cold_->put(left_key, value->birth << 1 | (node ? 0 : 1), value->bytes);
    }
}

void BlockCache::set_budget(size_t budget_bytes) {
    const size_t cold = cold_ ? cold_bytes(budget_bytes) : 0;
    hot_.set_budget(budget_bytes - cold);
    if (cold_)
        cold_->set_budget(cold);
}

size_t BlockCache::budget() const {
    const size_t hot = hot_.budget();
    return cold_ ? hot + cold_->budget() : hot;
}

BlockCache::Counts BlockCache::counts() const {
    return {hot_.counts(), cold_ ? cold_->counts() : ColdTier::Counts{}};
}

std::optional<BlockCache::PoolReport> BlockCache::pool() const {
    if (!cold_)
        return std::nullopt;
    const AnyPool& pool = cold_->pool();
    return PoolReport{pool.name(), pool.stats(), pool.classes()};
}

} // namespace vexfs
