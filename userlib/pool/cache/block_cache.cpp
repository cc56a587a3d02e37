// SPDX-License-Identifier: Apache-2.0
#include "userlib/pool/cache/block_cache.h"

#include <algorithm>

namespace vexfs {

namespace {

// A pool has a chain of pages for each size: in less than this there is hardly room for them.
constexpr size_t kColdBytesMin = size_t{4} << 20;
constexpr uint32_t kPercentMax = 90;

} // namespace

BlockCache::BlockCache(size_t budget_bytes, const ColdOptions& cold)
    : options_(cold), hot_(budget_bytes - cold_bytes(budget_bytes)),
      cold_(cold.percent > 0 ? std::make_unique<ColdTier>(cold_bytes(budget_bytes)) : nullptr) {}

size_t BlockCache::cold_bytes(size_t budget_bytes) const {
    const size_t bytes = budget_bytes / 100 * std::min(options_.percent, kPercentMax);
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
    hot_.set_budget(budget_bytes - cold_bytes(budget_bytes));
    if (cold_)
        cold_->set_budget(cold_bytes(budget_bytes));
}

size_t BlockCache::budget() const {
    const size_t hot = hot_.budget();
    return cold_ ? hot + cold_->budget() : hot;
}

BlockCache::Counts BlockCache::counts() const {
    return {hot_.counts(), cold_ ? cold_->counts() : ColdTier::Counts{}};
}

} // namespace vexfs
