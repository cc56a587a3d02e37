// SPDX-License-Identifier: Apache-2.0
#include "userlib/collection/slot_pool.h"

#include <algorithm>

#include "index/kernels/page_shape.h"

namespace vexfs {

Result<std::vector<uint32_t>> SlotPool::take(uint32_t count) {
    if (count > index::kMaxSlots - end_ + free_.count())
        return fail(Code::kEFBIG, "collection: more slots than an index may have");
    std::vector<uint32_t> taken;
    taken.reserve(count);
    while (taken.size() < count && free_.count() > 0) {
        const uint64_t word = free_.load(lowest_word_);
        if (word == 0) {
            ++lowest_word_;
            continue;
        }
        const auto slot =
            static_cast<uint32_t>(lowest_word_ * 64 + static_cast<size_t>(std::countr_zero(word)));
        free_.remove(slot);
        taken.push_back(slot);
    }
    while (taken.size() < count)
        taken.push_back(end_++);
    free_.resize(end_);
    return taken;
}

Result<std::vector<uint32_t>> SlotPool::take_new(uint32_t count) {
    if (count > index::kMaxSlots - end_)
        return fail(Code::kEFBIG, "collection: more slots than an index may have");
    std::vector<uint32_t> taken(count);
    for (uint32_t& slot : taken)
        slot = end_++;
    free_.resize(end_);
    return taken;
}

void SlotPool::give(std::span<const uint32_t> slots) {
    for (const uint32_t slot : slots) {
        free_.add(slot);
        lowest_word_ = std::min<size_t>(lowest_word_, slot / 64);
    }
}

uint32_t SlotPool::cut() {
    while (end_ > 0 && free_.contains(end_ - 1))
        free_.remove(--end_);
    return end_;
}

void SlotPool::start_at(uint32_t end) {
    end_ = end;
    free_.resize(end_);
}

} // namespace vexfs
