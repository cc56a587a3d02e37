// SPDX-License-Identifier: Apache-2.0
#include "userlib/pool/cache/cold_tier.h"

#include <cstring>

#include "base/guard.h"
#include "userlib/pool/page_source.h"

namespace vexfs {

namespace {

// The most that one more object may make the pool grow by.
constexpr size_t kGrowthMax = PageSource::kRunPagesMax * kPoolPageBytes;
// A place in the table of handles, and its share of the buckets.
constexpr size_t kListedBytes = 48;

} // namespace

ColdTier::ColdTier(std::string_view driver, size_t budget_bytes)
    : pools_(driver), budget_bytes_(budget_bytes) {}

size_t ColdTier::used_bytes() const {
    const PoolStats stats = pools_.stats();
    return stats.total_bytes() + stats.objects * kListedBytes;
}

ColdTier::Place ColdTier::unlist(uint64_t key) {
    MutexLock lock(mutex_);
    const auto found = places_.find(key);
    if (found == places_.end())
        return {};
    const Place place = found->second;
    places_.erase(found);
    return place;
}

size_t ColdTier::shrink(AnyPool& pool, size_t pages) {
    const auto given = pool.shrink(pages, [this, &pool](PoolHandle handle, Bytes object) {
        Head head;
        std::memcpy(&head, object.data(), sizeof head);
        MutexLock lock(mutex_);
        const auto found = places_.find(head.key);
        if (found != places_.end() && found->second == Place{&pool, handle})
            places_.erase(found);
        return ok();
    });
    return given ? *given : 0;
}

bool ColdTier::make_room(size_t bytes) {
    for (;;) {
        size_t budget = 0;
        {
            MutexLock lock(mutex_);
            budget = budget_bytes_;
        }
        const size_t used = used_bytes();
        if (used + bytes <= budget)
            return true;
        const size_t pages = div_ceil(used + bytes - budget, kPoolPageBytes);
        size_t given = 0;
        for (AnyPool* const pool : pools_.all())
            if (given < pages)
                given += shrink(*pool, pages - given);
        if (given == 0)
            return false;
    }
}

Result<ColdTier::Place> ColdTier::room_for(size_t bytes) {
    AnyPool* const pool = pools_.get();
    if (pool == nullptr)
        return fail(Code::kENOMEM, "cold tier: no pool");
    if (auto handle = pool->malloc(bytes, PoolFlags::kNoGrowth))
        return Place{pool, *handle};
    if (!make_room(kGrowthMax))
        return fail(Code::kENOMEM, "cold tier: the budget is used up");
    return Place{pool, VEXFS_TRY(pool->malloc(bytes, PoolFlags::none()))};
}

// Into the front of encoded_; 0 if it does not become small enough.
Result<size_t> ColdTier::encode(Bytes bytes) {
    encoded_.resize(kBlockBytesMax);
    const size_t most = bytes.size() - bytes.size() / 16;
    return kLz4Codec.encode(coder_state_, bytes, kLz4Codec.level_default, false,
                            MutableBytes(encoded_).first(most));
}

Status ColdTier::store(const Head& head, Bytes encoded) {
    const Place place = VEXFS_TRY(room_for(sizeof head + encoded.size()));
    // It is mapped until it is listed: it is not evicted before it can be unlisted.
    const Status listed = guard(fail(Code::kEIO, "cold tier: list"), [&]() -> Status {
        const Mapping mapping = VEXFS_TRY(place.pool->map(place.handle, MapMode::kWrite));
        std::memcpy(mapping.writable().data(), &head, sizeof head);
        std::memcpy(mapping.writable().data() + sizeof head, encoded.data(), encoded.size());
        MutexLock lock(mutex_);
        places_[head.key] = place;
        return ok();
    });
    if (!listed)
        static_cast<void>(place.pool->free(place.handle)); // nobody would ever find it
    return listed;
}

void ColdTier::put(uint64_t key, uint64_t tag, Bytes bytes) {
    erase(key);
    if (bytes.empty() || bytes.size() > kBlockBytesMax || budget() == 0)
        return;
    // Whatever fails, the block is on the device.
    static_cast<void>(guard(fail(Code::kEIO, "cold tier: put"), [&]() -> Status {
        MutexLock coder(coder_mutex_);
        const size_t size = VEXFS_TRY(encode(bytes));
        if (size == 0 || size + sizeof(Head) > kPoolObjectBytesMax) {
            MutexLock lock(mutex_);
            ++counts_.refused;
            return ok();
        }
        VEXFS_TRY_VOID(
            store({key, tag, static_cast<uint32_t>(bytes.size()), 0}, Bytes(encoded_).first(size)));
        MutexLock lock(mutex_);
        counts_.plain_bytes += bytes.size();
        counts_.coded_bytes += size;
        return ok();
    }));
}

// Into `block`, which may hold anything if this fails.
Status ColdTier::read(const Place& place, Block& block) {
    const Mapping mapping = VEXFS_TRY(place.pool->map(place.handle, MapMode::kRead));
    Head head;
    std::memcpy(&head, mapping.bytes().data(), sizeof head);
    block.tag = head.tag;
    block.bytes.resize(head.block_bytes);
    CodecState state;
    return kLz4Codec.decode(state, mapping.bytes().subspan(sizeof head), block.bytes);
}

std::optional<ColdTier::Block> ColdTier::take(uint64_t key) {
    const Place place = unlist(key);
    Block block;
    bool found = false;
    if (place.pool != nullptr) {
        found = guard(fail(Code::kEIO, "cold tier: take"), [&] {
                    return read(place, block);
                }).has_value();
        // It is gone, or about to go, if it is being evicted just now.
        static_cast<void>(place.pool->free(place.handle));
    }
    MutexLock lock(mutex_);
    ++(found ? counts_.hits : counts_.misses);
    if (!found)
        return std::nullopt;
    return block;
}

void ColdTier::erase(uint64_t key) {
    if (const Place place = unlist(key); place.pool != nullptr)
        static_cast<void>(place.pool->free(place.handle));
}

bool ColdTier::contains(uint64_t key) const {
    MutexLock lock(mutex_);
    return places_.contains(key);
}

void ColdTier::set_budget(size_t budget_bytes) {
    {
        MutexLock lock(mutex_);
        budget_bytes_ = budget_bytes;
    }
    make_room(0);
}

size_t ColdTier::budget() const {
    MutexLock lock(mutex_);
    return budget_bytes_;
}

ColdTier::Counts ColdTier::counts() const {
    const size_t used = used_bytes();
    const size_t blocks = pools_.stats().objects;
    MutexLock lock(mutex_);
    Counts counts = counts_;
    counts.bytes = used;
    counts.blocks = blocks;
    return counts;
}

} // namespace vexfs
