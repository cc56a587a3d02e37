// SPDX-License-Identifier: Apache-2.0
//
// How much memory the messages of sessions take: bounded in all, and for each user by a half of
// that, so that none can take it from all others.
//
// Threads: any; one lock, which is held while the owner is told.
#pragma once

#include <functional>
#include <unordered_map>

#include "base/mutex.h"
#include "base/result.h"

namespace vexfs {

class StagedMemory {
  public:
    // Told of every change how many bytes are taken in all.
    using Changed = std::function<void(uint64_t bytes)>;

    StagedMemory(uint64_t bytes_max, Changed changed)
        : bytes_max_(bytes_max), changed_(std::move(changed)) {}

    // ENOMEM: nothing was taken.
    Status take(uint32_t uid, uint64_t bytes);
    // What was taken for the same user.
    void give_back(uint32_t uid, uint64_t bytes);

    [[nodiscard]] uint64_t bytes();
    [[nodiscard]] uint64_t bytes_max() const { return bytes_max_; }
    [[nodiscard]] uint64_t user_bytes_max() const { return bytes_max_ / 2; }

  private:
    const uint64_t bytes_max_;
    const Changed changed_;
    Mutex mutex_;
    uint64_t bytes_ VEXFS_GUARDED_BY(mutex_) = 0;
    std::unordered_map<uint32_t, uint64_t> by_user_ VEXFS_GUARDED_BY(mutex_);
};

} // namespace vexfs
