// SPDX-License-Identifier: Apache-2.0
//
// Bounds the cache of an engine by what the machine and the control groups have left, whatever mem=
// says, so that it shrinks before the kernel kills, and grows again when there is room.
//
// Where room is scarce no more may be taken between two looks than half of what the last one saw,
// so that nobody outruns them.
//
// Threads: one of its own, from start to end.
#pragma once

#include <chrono>
#include <functional>
#include <span>
#include <thread>

#include "base/mutex.h"
#include "userlib/engine/memory_limits.h"

namespace vexfs {

// What somebody may take who has `used_bytes` now.
[[nodiscard]] uint64_t bytes_allowed(std::span<const MemoryRoom> rooms, bool stalled,
                                     uint64_t used_bytes);

class MemoryWatch {
  public:
    using Used = std::function<uint64_t()>;
    using Allow = std::function<void(uint64_t bytes)>;

    // Looks at once and then every `interval`; once only if there is no thread to be had. What it
    // calls outlives it.
    MemoryWatch(MemoryLimits limits, std::chrono::milliseconds interval, Used used, Allow allow);
    ~MemoryWatch();
    MemoryWatch(const MemoryWatch&) = delete;
    MemoryWatch& operator=(const MemoryWatch&) = delete;

  private:
    void run();
    void look();

    const MemoryLimits limits_;
    const std::chrono::milliseconds interval_;
    const Used used_;
    const Allow allow_;
    std::chrono::steady_clock::time_point told_; // that memory is short
    Mutex mutex_;
    CondVar woken_;
    bool stop_ VEXFS_GUARDED_BY(mutex_) = false;
    std::thread thread_;
};

} // namespace vexfs
