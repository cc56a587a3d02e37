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
// So much more is taken in no time between two looks.
constexpr uint64_t kPlentyBytes = uint64_t{1} << 30;
// Where all wait for memory so long, twice as much is left to others.
constexpr double kStalledPercentMax = 10;
constexpr std::chrono::seconds kToldEvery{60};

} // namespace

uint64_t bytes_allowed(std::span<const MemoryRoom> rooms, bool stalled, uint64_t used_bytes) {
    uint64_t allowed = UINT64_MAX;
    for (const MemoryRoom& room : rooms) {
        const uint64_t left =
            std::min(room.limit_bytes / kLeftShare, kLeftBytesMax) * (stalled ? 2 : 1);
        const uint64_t more = room.bytes - std::min(room.bytes, left);
        const uint64_t lacks = left - std::min(room.bytes, left);
        const uint64_t here = used_bytes - std::min(used_bytes, lacks);
        const uint64_t growth = more >= kPlentyBytes ? more : more / 2;
        allowed = std::min(allowed, here > UINT64_MAX - growth ? UINT64_MAX : here + growth);
    }
    return allowed;
}

MemoryWatch::MemoryWatch(MemoryLimits limits, std::chrono::milliseconds interval, Used used,
                         Allow allow)
    : limits_(std::move(limits)), interval_(interval), used_(std::move(used)),
      allow_(std::move(allow)) {
    look();
    static_cast<void>(guard(fail(Code::kEAGAIN, "memory watch: no thread"), [this] {
        thread_ = std::thread([this] { run(); });
        return ok();
    }));
}

MemoryWatch::~MemoryWatch() {
    {
        MutexLock lock(mutex_);
        stop_ = true;
    }
    woken_.notify_all();
    if (thread_.joinable())
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
        const uint64_t used = used_();
        const uint64_t allowed =
            bytes_allowed(limits_.rooms(), limits_.stalled_percent() > kStalledPercentMax, used);
        const auto now = std::chrono::steady_clock::now();
        if (allowed < used && (told_ == decltype(told_)() || now >= told_ + kToldEvery)) {
            told_ = now;
            log(LogLevel::kInfo, "engine", "memory is short: the cache shrinks",
                {{"used_bytes", used}, {"allowed_bytes", allowed}});
        }
        allow_(allowed);
        return ok();
    }));
}

} // namespace vexfs
