// SPDX-License-Identifier: Apache-2.0
#include "userlib/collection/graph_changes.h"

#include <algorithm>

#include "base/assert.h"

namespace vexfs {

// The sink needs no more memory: links name rows alone that were expected.
Status GraphChanges::expect(uint32_t slot, uint32_t sum) {
    VEXFS_TRY_VOID(restore(slot, sum));
    MutexLock lock(mutex_);
    newest_ = page_of(slot);
    differs_locked(newest_);
    return ok();
}

Status GraphChanges::restore(uint32_t slot, uint32_t sum) {
    VEXFS_TRY_VOID(sums_.ensure(slot));
    *sums_.row_as<uint32_t>(slot) = sum;
    return ok();
}

Status GraphChanges::restore_equal(uint32_t slot, uint32_t equal_to) {
    VEXFS_TRY_VOID(equal_.ensure(slot));
    *equal_.row_as<uint32_t>(slot) = equal_to + 1;
    return ok();
}

void GraphChanges::restored(uint32_t slot_end, bool changed) {
    MutexLock lock(mutex_);
    marks_.assign((slot_end + page_rows_ - 1) / page_rows_, kSame);
    for (uint32_t page = 0; changed && page < marks_.size(); ++page)
        mark(page, kStale);
}

void GraphChanges::differs(uint32_t page) {
    MutexLock lock(mutex_);
    differs_locked(page);
}

void GraphChanges::differs_locked(uint32_t page) {
    if (page >= marks_.size())
        marks_.resize(size_t{page} + 1, kSame);
    mark(page, kFresh);
}

void GraphChanges::mark(uint32_t page, Mark mark) {
    VEXFS_ASSERT(page < marks_.size());
    const auto before = static_cast<Mark>(marks_[page]);
    if (before >= mark)
        return;
    marks_[page] = mark;
    fresh_ += mark == kFresh ? 1 : 0;
    changed_.fetch_add(before == kSame ? 1 : 0, std::memory_order_relaxed);
}

void GraphChanges::take_marked(Mark mark, size_t count, std::vector<uint32_t>& taken) {
    const size_t begin = std::min(cursor_, marks_.size());
    for (size_t i = 0; i < marks_.size() && taken.size() < count; ++i) {
        const size_t page = (begin + i) % marks_.size();
        if (marks_[page] != mark || (mark == kFresh && page == newest_))
            continue;
        marks_[page] = kSame;
        fresh_ -= mark == kFresh ? 1 : 0;
        changed_.fetch_sub(1, std::memory_order_relaxed);
        taken.push_back(static_cast<uint32_t>(page));
        cursor_ = page + 1;
    }
}

std::vector<uint32_t> GraphChanges::take(size_t count) {
    MutexLock lock(mutex_);
    std::vector<uint32_t> taken;
    take_marked(kFresh, count, taken);
    take_marked(kStale, count, taken);
    if (taken.empty() && changed() > 0) {
        newest_ = UINT32_MAX;
        take_marked(kFresh, count, taken);
    }
    std::ranges::sort(taken);
    return taken;
}

void GraphChanges::put_back(std::span<const uint32_t> numbers) {
    MutexLock lock(mutex_);
    for (const uint32_t page : numbers)
        mark(page, kFresh);
}

void GraphChanges::links_changed(uint32_t slot, uint32_t, std::span<const uint32_t>) {
    MutexLock lock(mutex_);
    mark(page_of(slot), kStale);
}

void GraphChanges::duplicate_added(uint32_t slot, uint32_t shared) {
    // Without memory for it the row is one that is linked again after the next open.
    if (!restore_equal(slot, shared) && equal_.has(slot))
        *equal_.row_as<uint32_t>(slot) = 0;
    MutexLock lock(mutex_);
    mark(page_of(slot), kFresh);
}

void GraphChanges::row_released(uint32_t slot) {
    MutexLock lock(mutex_);
    mark(page_of(slot), kFresh);
}

} // namespace vexfs
