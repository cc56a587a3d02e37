// SPDX-License-Identifier: Apache-2.0
#include "userlib/engine/keeper.h"

#include "base/log.h"

namespace vexfs {

namespace {

using Clock = std::chrono::steady_clock;

constexpr size_t kReapItems = 1024;

} // namespace

Keeper::Keeper(Store& store, size_t dirty_bytes_soft, std::chrono::milliseconds interval)
    : store_(store), dirty_bytes_soft_(dirty_bytes_soft), interval_(interval),
      thread_([this] { run(); }) {}

Keeper::~Keeper() {
    stop();
}

void Keeper::stop() {
    {
        MutexLock lock(mutex_);
        stop_ = true;
    }
    woken_.notify_all();
    if (thread_.joinable())
        thread_.join();
}

void Keeper::dirtied() {
    if (store_.dirty_bytes() < dirty_bytes_soft_)
        return;
    MutexLock lock(mutex_);
    if (!full_) {
        full_ = true;
        woken_.notify_all();
    }
}

void Keeper::deleted() {
    MutexLock lock(mutex_);
    deleted_ = true;
}

void Keeper::set_interval(std::chrono::milliseconds interval) {
    MutexLock lock(mutex_);
    interval_ = interval;
    woken_.notify_all();
}

std::chrono::milliseconds Keeper::interval() {
    MutexLock lock(mutex_);
    return interval_;
}

KeeperStats Keeper::stats() {
    return {commit_ns_.snapshot(), reaped_slices_.load(std::memory_order_relaxed),
            reaping_.load(std::memory_order_relaxed)};
}

bool Keeper::stopping() {
    MutexLock lock(mutex_);
    return stop_;
}

// Until the interval has passed, or there is much to write.
void Keeper::wait() {
    MutexLock lock(mutex_);
    const auto began = Clock::now();
    while (!stop_ && !full_) {
        const auto left = interval_ - (Clock::now() - began);
        if (left <= Clock::duration::zero())
            return;
        woken_.wait_for(mutex_, left);
    }
    full_ = false;
}

void Keeper::run() {
    for (;;) {
        wait();
        if (stopping() || store_.suspended())
            return;
        Status done = commit();
        if (done)
            done = reap();
        // A store that is suspended has said so itself.
        if (!done && !store_.suspended())
            log(LogLevel::kWarning, "keeper", "background work failed and is tried again",
                {{"error", done.error()}});
    }
}

Status Keeper::commit() {
    if (store_.dirty_bytes() == 0 && store_.log_bytes() == 0)
        return ok();
    const auto began = Clock::now();
    VEXFS_TRY_VOID(store_.commit());
    commit_ns_.record(static_cast<uint64_t>((Clock::now() - began).count()));
    return ok();
}

Status Keeper::reap() {
    {
        MutexLock lock(mutex_);
        if (!deleted_)
            return ok();
        deleted_ = false;
    }
    const Result<bool> reaped = reap_all();
    if (!reaped) {
        deleted();
        return reaped.error();
    }
    // What was freed can be used again after these.
    for (uint64_t i = 0; *reaped && i <= FreeMap::kDeferTxgs && !stopping(); ++i)
        VEXFS_TRY_VOID(store_.commit());
    return ok();
}

Result<bool> Keeper::reap_all() {
    bool any = false;
    reaping_.store(true, std::memory_order_relaxed);
    Result<bool> more = true;
    while (more && *more && !stopping()) {
        more = store_.step_reap(kReapItems);
        if (more && *more) {
            any = true;
            reaped_slices_.fetch_add(1, std::memory_order_relaxed);
        }
    }
    reaping_.store(false, std::memory_order_relaxed);
    if (!more)
        return more.error();
    return any;
}

} // namespace vexfs
