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
    struct Taken {
        uint64_t bytes = 0;
        uint64_t coming = 0; // of these: on their way, as a collection is being opened
    };
    // Told of every change what is taken in all, with a lock held.
    using Changed = std::function<void(Taken)>;

    RowMemory(uint64_t bytes_max, Changed changed)
        : bytes_max_(bytes_max), changed_(std::move(changed)) {}

    // Someone took `before` and takes `now`.
    void change(Taken before, Taken now) {
        if (before.bytes == now.bytes && before.coming == now.coming)
            return;
        MutexLock lock(mutex_);
        taken_.bytes += now.bytes - before.bytes;
        taken_.coming += now.coming - before.coming;
        changed_(taken_);
    }
    [[nodiscard]] bool has_room(uint64_t bytes) {
        MutexLock lock(mutex_);
        const uint64_t most = std::min(bytes_max_, allowed_.load(std::memory_order_relaxed));
        return taken_.bytes <= most && bytes <= most - taken_.bytes;
    }
    // What the machine has for them now, which may be less.
    void allow(uint64_t bytes) { allowed_.store(bytes, std::memory_order_relaxed); }
    [[nodiscard]] uint64_t bytes() {
        MutexLock lock(mutex_);
        return taken_.bytes;
    }
    [[nodiscard]] uint64_t bytes_max() const { return bytes_max_; }

  private:
    const uint64_t bytes_max_;
    std::atomic<uint64_t> allowed_ = UINT64_MAX;
    const Changed changed_;
    Mutex mutex_;
    Taken taken_ VEXFS_GUARDED_BY(mutex_);
};

// What one collection takes, given back at its end.
// Threads: set() one at a time.
class RowMemoryShare {
  public:
    // `memory` outlives it; null: nobody counts.
    explicit RowMemoryShare(RowMemory* memory) : memory_(memory) {}
    ~RowMemoryShare() { set({}); }
    RowMemoryShare(const RowMemoryShare&) = delete;
    RowMemoryShare& operator=(const RowMemoryShare&) = delete;

    void set(RowMemory::Taken taken) {
        if (memory_ != nullptr)
            memory_->change(taken_, taken);
        taken_ = taken;
    }
    // Whether so many bytes more may be taken.
    [[nodiscard]] bool has_room(uint64_t bytes) const {
        return memory_ == nullptr || memory_->has_room(bytes);
    }

  private:
    RowMemory* const memory_;
    RowMemory::Taken taken_;
};

} // namespace vexfs
