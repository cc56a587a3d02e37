// SPDX-License-Identifier: Apache-2.0
#include "userlib/engine/access/directories.h"

namespace vexfs {

Result<Directory> Directories::get(uint64_t ino) {
    {
        ReadLock lock(lock_);
        const auto found = known_.find(ino);
        if (found != known_.end())
            return found->second;
    }
    const uint64_t before = version();
    const Directory directory = VEXFS_TRY(read_(ino));
    WriteLock lock(lock_);
    // What was read may be older than a change that was told meanwhile.
    if (version() == before) {
        if (known_.size() >= kDirectoriesMax)
            known_.clear();
        known_.emplace(ino, directory);
    }
    return directory;
}

void Directories::changed(uint64_t ino) {
    WriteLock lock(lock_);
    known_.erase(ino);
    version_.fetch_add(1, std::memory_order_release);
}

size_t Directories::memory_bytes() {
    constexpr size_t kNodeBytes = sizeof(uint64_t) + sizeof(Directory) + 2 * sizeof(void*);
    ReadLock lock(lock_);
    return known_.size() * kNodeBytes + known_.bucket_count() * sizeof(void*);
}

} // namespace vexfs
