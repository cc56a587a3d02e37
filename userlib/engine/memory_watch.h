// SPDX-License-Identifier: Apache-2.0
//
// Bounds what an engine takes by what the machine and the control groups have room for, whatever
// mem= says, so that its cache shrinks before the kernel kills, and grows again when there is room.
//
// Between two looks no more may be taken than half of the room that the last one saw, so that
// nobody outruns them.
//
// Threads: one of its own, from start to end.
#pragma once

#include <chrono>
#include <functional>
#include <thread>

#include "base/mutex.h"
#include "userlib/engine/memory_limits.h"

namespace vexfs {

// What somebody may take who has `used_bytes` now.
[[nodiscard]] uint64_t bytes_allowed(const MemoryRoom& room, uint64_t used_bytes);

class MemoryWatch {
  public:
    using Used = std::function<uint64_t()>;
    using Allow = std::function<void(uint64_t bytes)>;

    // Looks at once and then every `interval`. What it calls outlives it.
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
    bool short_ = false; // of room, when it looked last
    Mutex mutex_;
    CondVar woken_;
    bool stop_ VEXFS_GUARDED_BY(mutex_) = false;
    std::thread thread_;
};

} // namespace vexfs
