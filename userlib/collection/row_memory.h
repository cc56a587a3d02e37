// SPDX-License-Identifier: Apache-2.0
//
// What the rows and graphs of a volume's collections take of its memory, and how much they may.
//
// Rows are in memory as long as their collection is open, and so are graphs and codes: neither can
// be given back on demand. So what would be too much is not begun: a put is refused, and rows stay
// pending.
//
// Threads: any.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <functional>

#include "base/mutex.h"

namespace vexfs {

class RowMemory {
  public:
    // Told of every change how many bytes are taken in all, with a lock held.
    using Changed = std::function<void(uint64_t bytes)>;

    RowMemory(uint64_t bytes_max, Changed changed)
        : bytes_max_(bytes_max), changed_(std::move(changed)) {}

    // Someone took `before` and takes `now`.
    void change(uint64_t before, uint64_t now) {
        if (before == now)
            return;
        MutexLock lock(mutex_);
        bytes_ += now - before;
        changed_(bytes_);
    }
    [[nodiscard]] bool has_room(uint64_t bytes) {
        MutexLock lock(mutex_);
        const uint64_t most = std::min(bytes_max_, allowed_.load(std::memory_order_relaxed));
        return bytes_ <= most && bytes <= most - bytes_;
    }
    // What the machine has for them now, which may be less.
    void allow(uint64_t bytes) { allowed_.store(bytes, std::memory_order_relaxed); }
    [[nodiscard]] uint64_t bytes() {
        MutexLock lock(mutex_);
        return bytes_;
    }
    [[nodiscard]] uint64_t bytes_max() const { return bytes_max_; }

  private:
    const uint64_t bytes_max_;
    std::atomic<uint64_t> allowed_ = UINT64_MAX;
    const Changed changed_;
    Mutex mutex_;
    uint64_t bytes_ VEXFS_GUARDED_BY(mutex_) = 0;
};

// What one collection takes, given back at its end.
// Threads: set() one at a time.
class RowMemoryShare {
  public:
    // `memory` outlives it; null: nobody counts.
    explicit RowMemoryShare(RowMemory* memory) : memory_(memory) {}
    ~RowMemoryShare() { set(0); }
    RowMemoryShare(const RowMemoryShare&) = delete;
    RowMemoryShare& operator=(const RowMemoryShare&) = delete;

    void set(uint64_t bytes) {
        if (memory_ != nullptr)
            memory_->change(bytes_, bytes);
        bytes_ = bytes;
    }
    // Whether so many bytes more may be taken.
    [[nodiscard]] bool has_room(uint64_t bytes) const {
        return memory_ == nullptr || memory_->has_room(bytes);
    }

  private:
    RowMemory* const memory_;
    uint64_t bytes_ = 0;
};

} // namespace vexfs
