// SPDX-License-Identifier: Apache-2.0
#include "userlib/engine/staged_memory.h"

namespace vexfs {

Status StagedMemory::take(uint32_t uid, uint64_t bytes) {
    MutexLock lock(mutex_);
    const auto found = by_user_.find(uid);
    const uint64_t of_user = found == by_user_.end() ? 0 : found->second;
    if (bytes > user_bytes_max() - of_user || bytes > bytes_max_ - bytes_)
        return fail(Code::kENOMEM, "session: the memory for messages is used up");
    if (bytes == 0)
        return ok();
    by_user_[uid] = of_user + bytes;
    bytes_ += bytes;
    changed_(bytes_);
    return ok();
}

void StagedMemory::give_back(uint32_t uid, uint64_t bytes) {
    if (bytes == 0)
        return;
    MutexLock lock(mutex_);
    const auto found = by_user_.find(uid);
    VEXFS_ASSERT(found != by_user_.end() && found->second >= bytes);
    found->second -= bytes;
    if (found->second == 0)
        by_user_.erase(found);
    bytes_ -= bytes;
    changed_(bytes_);
}

uint64_t StagedMemory::bytes() {
    MutexLock lock(mutex_);
    return bytes_;
}

} // namespace vexfs
