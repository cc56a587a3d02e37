// SPDX-License-Identifier: Apache-2.0
#include "userlib/collection/visible_sets.h"

#include <algorithm>

namespace vexfs {

std::shared_ptr<const index::Bitmap> VisibleSets::of(const RowTable& table,
                                                     const std::vector<bool>& classes) {
    {
        MutexLock lock(mutex_);
        if (version_ != table.version())
            sets_.clear();
        version_ = table.version();
        const auto found = std::ranges::find(sets_, classes, &Set::classes);
        if (found != sets_.end()) {
            std::rotate(sets_.begin(), found, found + 1);
            return sets_.front().slots;
        }
    }
    auto made = std::make_shared<const index::Bitmap>(table.visible_slots(classes));
    MutexLock lock(mutex_);
    if (sets_.size() == kSetsMax)
        sets_.pop_back();
    sets_.insert(sets_.begin(), {classes, made});
    return made;
}

size_t VisibleSets::memory_bytes() {
    MutexLock lock(mutex_);
    size_t bytes = 0;
    for (const Set& set : sets_)
        bytes += set.slots->size_bits() / 8 + set.classes.size() / 8;
    return bytes;
}

} // namespace vexfs
