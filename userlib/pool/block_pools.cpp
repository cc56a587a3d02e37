// SPDX-License-Identifier: Apache-2.0
#include "userlib/pool/block_pools.h"

#include <algorithm>

#include "base/assert.h"

namespace vexfs {

namespace {

// The driver's place; nothing for a name that none has.
std::optional<size_t> place_of(std::string_view driver) {
    const std::span<const std::string_view> names = pool_names();
    const auto found = std::find(names.begin(), names.end(), driver);
    if (found == names.end())
        return std::nullopt;
    return static_cast<size_t>(found - names.begin());
}

PoolReport report_of(const AnyPool& pool) {
    return {pool.name(), pool.stats(), pool.classes()};
}

} // namespace

BlockPools::BlockPools(std::string_view driver) {
    VEXFS_ASSERT(pool_names().size() == kDrivers);
    if (!choose(driver))
        static_cast<void>(choose(kDefaultPool));
}

bool BlockPools::choose(std::string_view driver) {
    const std::optional<size_t> place = place_of(driver);
    if (!place)
        return false;
    MutexLock lock(mutex_);
    chosen_ = *place;
    return true;
}

std::string_view BlockPools::chosen() const {
    MutexLock lock(mutex_);
    return pool_names()[chosen_];
}

AnyPool* BlockPools::get(std::string_view driver) {
    const std::optional<size_t> place = place_of(driver);
    if (!driver.empty() && !place)
        return nullptr;
    MutexLock lock(mutex_);
    const size_t wanted = driver.empty() ? chosen_ : *place;
    std::unique_ptr<AnyPool>& pool = pools_[wanted];
    if (!pool) {
        PoolOptions options;
        options.object_bytes_max = kPoolObjectBytesMax;
        if (auto made = make_pool(pool_names()[wanted], options))
            pool = std::move(*made);
    }
    return pool.get();
}

std::vector<AnyPool*> BlockPools::all() const {
    MutexLock lock(mutex_);
    std::vector<AnyPool*> all;
    for (size_t i = 1; i <= kDrivers; ++i)
        if (AnyPool* const pool = pools_[(chosen_ + i) % kDrivers].get())
            all.push_back(pool);
    return all;
}

PoolStats BlockPools::stats() const {
    MutexLock lock(mutex_);
    PoolStats sum;
    for (const std::unique_ptr<AnyPool>& pool : pools_) {
        if (!pool)
            continue;
        const PoolStats one = pool->stats();
        sum.objects += one.objects;
        sum.stored_bytes += one.stored_bytes;
        sum.pages += one.pages;
        sum.spare_pages += one.spare_pages;
        sum.metadata_bytes += one.metadata_bytes;
        sum.moved += one.moved;
        sum.evicted += one.evicted;
    }
    return sum;
}

std::optional<PoolReport> BlockPools::report() const {
    MutexLock lock(mutex_);
    const std::unique_ptr<AnyPool>& pool = pools_[chosen_];
    return pool ? std::optional(report_of(*pool)) : std::nullopt;
}

std::vector<PoolReport> BlockPools::other_reports() const {
    MutexLock lock(mutex_);
    std::vector<PoolReport> reports;
    for (size_t i = 0; i < kDrivers; ++i)
        if (i != chosen_ && pools_[i] && pools_[i]->stats().objects > 0)
            reports.push_back(report_of(*pools_[i]));
    return reports;
}

} // namespace vexfs
