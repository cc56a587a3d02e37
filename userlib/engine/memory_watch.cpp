// SPDX-License-Identifier: Apache-2.0
#include "userlib/engine/memory_watch.h"

#include <algorithm>

#include "base/guard.h"
#include "base/log.h"

namespace vexfs {

namespace {

// Of what there is in all, left to everybody else, and to what an engine takes that it does not
// count.
constexpr uint64_t kLeftShare = 4;
constexpr uint64_t kLeftBytesMax = uint64_t{256} << 20;
// A machine that waits for memory for so long gets a part of the cache back at each look.
constexpr double kStalledPercentMax = 10;
constexpr uint64_t kStalledShare = 8;

} // namespace

uint64_t bytes_allowed(const MemoryRoom& room, uint64_t used_bytes) {
    const uint64_t left = std::min(room.limit_bytes / kLeftShare, kLeftBytesMax);
    if (room.bytes <= left)
        return used_bytes - std::min(used_bytes, left - room.bytes);
    if (room.stalled_percent > kStalledPercentMax)
        return used_bytes - used_bytes / kStalledShare;
    const uint64_t more = (room.bytes - left) / 2;
    return used_bytes > UINT64_MAX - more ? UINT64_MAX : used_bytes + more;
}

MemoryWatch::MemoryWatch(MemoryLimits limits, std::chrono::milliseconds interval, Used used,
                         Allow allow)
    : limits_(std::move(limits)), interval_(interval), used_(std::move(used)),
      allow_(std::move(allow)) {
    look();
    thread_ = std::thread([this] { run(); });
}

MemoryWatch::~MemoryWatch() {
    {
        MutexLock lock(mutex_);
        stop_ = true;
    }
    woken_.notify_all();
    thread_.join();
}

void MemoryWatch::run() {
    for (;;) {
        {
            MutexLock lock(mutex_);
            if (!stop_)
                woken_.wait_for(mutex_, interval_);
            if (stop_)
                return;
        }
        look();
    }
}

// Without memory to look with, what was allowed before holds.
void MemoryWatch::look() {
    static_cast<void>(guard(fail(Code::kENOMEM, "memory watch: no memory"), [this] {
        const MemoryRoom room = limits_.room();
        const uint64_t used = used_();
        const uint64_t allowed = bytes_allowed(room, used);
        if (const bool now_short = allowed < used; now_short != short_) {
            short_ = now_short;
            log(LogLevel::kInfo, "engine",
                short_ ? "memory is short: the cache shrinks" : "memory is no longer short",
                {{"used_bytes", used}, {"room_bytes", room.bytes}, {"limit", room.limit_bytes}});
        }
        allow_(allowed);
        return ok();
    }));
}

} // namespace vexfs
