// SPDX-License-Identifier: Apache-2.0
#include "userlib/engine/access/access_classes.h"

#include <algorithm>
#include <tuple>

#include "userlib/engine/access/walk.h"

namespace vexfs {

namespace {

constexpr uint32_t kPermissions = 0777;

} // namespace

AccessClass::AccessClass(std::vector<uint64_t> directories, const Ownership& of)
    : parents(std::move(directories)), ownership(of) {
    std::ranges::sort(parents);
    parents.erase(std::unique(parents.begin(), parents.end()), parents.end());
    ownership.mode &= kPermissions;
}

bool operator<(const AccessClass& a, const AccessClass& b) {
    return std::tie(a.ownership.mode, a.ownership.uid, a.ownership.gid, a.parents) <
           std::tie(b.ownership.mode, b.ownership.uid, b.ownership.gid, b.parents);
}

uint32_t AccessClasses::join(const AccessClass& of) {
    WriteLock lock(lock_);
    auto known = known_.find(of);
    if (known == known_.end()) {
        const uint32_t id = new_id();
        known = known_.emplace(of, id).first;
        entries_[id] = {known, 0};
        assigned_.push_back(id);
    }
    ++entries_[known->second].files;
    return known->second;
}

void AccessClasses::leave(uint32_t id) {
    WriteLock lock(lock_);
    VEXFS_ASSERT(id < entries_.size() && entries_[id].files > 0);
    Entry& entry = entries_[id];
    if (--entry.files > 0)
        return;
    known_.erase(entry.known);
    resting_.push_back(id);
}

uint32_t AccessClasses::new_id() {
    const size_t resting = resting_.size() + resting_before_.size();
    if (free_.empty() && resting >= std::max(kRestingMin, entries_.size() / 4) &&
        epoch_before_.expired())
        begin_epoch();
    if (free_.empty()) {
        entries_.emplace_back();
        return static_cast<uint32_t>(entries_.size() - 1);
    }
    const uint32_t id = free_.back();
    free_.pop_back();
    return id;
}

// Sets of the epoch before the last one are held by nobody, and those of the last one were made
// when the ids that rested before it showed nothing.
void AccessClasses::begin_epoch() {
    free_ = std::exchange(resting_before_, std::exchange(resting_, {}));
    assigned_.clear();
    epoch_before_ = epoch_;
    epoch_ = std::make_shared<const char>();
    MutexLock lock(cache_lock_);
    cache_.clear();
}

Result<std::shared_ptr<const VisibleClasses>> AccessClasses::visible(uint64_t directory,
                                                                     const Caller& caller) {
    if (caller.privileged() && directory == collection_)
        return std::make_shared<const VisibleClasses>(VisibleClasses{0, true});
    const Asked asked{directory, caller};
    Cached made;
    made.directories_version = directories_.version(); // before anything is looked at
    ReadLock lock(lock_);
    made.judged = assigned_.size();
    VisibleClasses visible;
    visible.epoch = epoch_;
    visible.version = last_version_.fetch_add(1, std::memory_order_relaxed) + 1;
    const std::optional<Cached> last = cached(asked);
    if (last && last->directories_version == made.directories_version) {
        if (last->judged == made.judged)
            return last->visible;
        visible.classes = last->visible->classes;
        visible.classes.resize(entries_.size());
        VEXFS_TRY_VOID(judge(asked, std::span(assigned_).subspan(last->judged), visible.classes));
    } else {
        visible.classes.resize(entries_.size());
        std::vector<uint32_t> ids;
        for (const auto& [of, id] : known_)
            ids.push_back(id);
        VEXFS_TRY_VOID(judge(asked, ids, visible.classes));
    }
    made.visible = std::make_shared<const VisibleClasses>(std::move(visible));
    keep(asked, made);
    return made.visible;
}

Status AccessClasses::judge(const Asked& asked, std::span<const uint32_t> ids,
                            std::vector<bool>& classes) {
    Walk walk(directories_, asked.second, asked.first);
    for (const uint32_t id : ids) {
        const Entry& entry = entries_[id];
        classes[id] = false;
        if (entry.files == 0 || !asked.second.may(kMayRead, entry.known->first.ownership))
            continue;
        for (const uint64_t parent : entry.known->first.parents)
            classes[id] = classes[id] || VEXFS_TRY(walk.reaches(parent));
    }
    return ok();
}

std::optional<AccessClasses::Cached> AccessClasses::cached(const Asked& asked) {
    MutexLock lock(cache_lock_);
    const auto found = cache_.find(asked);
    if (found == cache_.end())
        return std::nullopt;
    found->second.used = ++clock_;
    return found->second;
}

void AccessClasses::keep(const Asked& asked, Cached made) {
    MutexLock lock(cache_lock_);
    made.used = ++clock_;
    cache_[asked] = std::move(made);
    if (cache_.size() <= kCachedMax)
        return;
    cache_.erase(
        std::ranges::min_element(cache_, {}, [](const auto& entry) { return entry.second.used; }));
}

Result<bool> AccessClasses::any_files_below(uint64_t directory) {
    const Caller everyone{0, 0, {}, true};
    Walk walk(directories_, everyone, directory);
    ReadLock lock(lock_);
    for (const auto& [of, id] : known_)
        for (const uint64_t parent : of.parents)
            if (VEXFS_TRY(walk.reaches(parent)))
                return true;
    return false;
}

size_t AccessClasses::memory_bytes() {
    constexpr size_t kNodeBytes = sizeof(Known::value_type) + 4 * sizeof(void*);
    ReadLock lock(lock_);
    size_t bytes = entries_.capacity() * sizeof(Entry) + assigned_.capacity() * sizeof(uint32_t);
    for (const auto& [of, id] : known_)
        bytes += kNodeBytes + of.parents.capacity() * sizeof(uint64_t);
    MutexLock cache_lock(cache_lock_);
    for (const auto& [asked, entry] : cache_)
        bytes += sizeof asked + sizeof entry + entry.visible->classes.capacity() / 8;
    return bytes;
}

} // namespace vexfs
