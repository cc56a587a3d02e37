// SPDX-License-Identifier: Apache-2.0
//
// The background work of a volume: commits in time, and erases what was deleted.
//
// A commit comes when the interval has passed since something changed, or earlier when much waits
// for the disk, so that writers seldom have to wait for one. An idle volume is left alone.
//
// Threads: one of its own, from start to stop; every method from any.
#pragma once

#include <chrono>
#include <thread>

#include "userlib/device/histogram.h"
#include "userlib/store/store.h"

namespace vexfs {

struct KeeperStats {
    HistogramSnapshot commit_ns; // of commits that the keeper made
    uint64_t reaped_slices = 0;
    bool reaping = false;
};

class Keeper {
  public:
    // Starts its thread. The store outlives it.
    Keeper(Store& store, size_t dirty_bytes_soft, std::chrono::milliseconds interval);
    ~Keeper(); // stops
    Keeper(const Keeper&) = delete;
    Keeper& operator=(const Keeper&) = delete;

    // Ends the thread, in the middle of its work if it has any. What is left is work for the next
    // open; a commit is the owner's business.
    void stop();
    // Data was written. Cheap.
    void dirtied();
    // Something was deleted.
    void deleted();
    // Erases what was deleted, now and on the caller's thread. Whether there was anything.
    Result<bool> reap_all();
    void set_interval(std::chrono::milliseconds interval);
    [[nodiscard]] std::chrono::milliseconds interval();
    [[nodiscard]] KeeperStats stats();

  private:
    void run();
    void wait();
    [[nodiscard]] bool stopping();
    Status reap();
    Status commit();

    Store& store_;
    const size_t dirty_bytes_soft_;
    Histogram commit_ns_;
    std::atomic<uint64_t> reaped_slices_{0};
    std::atomic<bool> reaping_{false};
    Mutex mutex_;
    CondVar woken_;
    std::chrono::milliseconds interval_ VEXFS_GUARDED_BY(mutex_);
    bool stop_ VEXFS_GUARDED_BY(mutex_) = false;
    bool full_ VEXFS_GUARDED_BY(mutex_) = false;
    bool deleted_ VEXFS_GUARDED_BY(mutex_) = true; // a crash may have left some
    std::thread thread_;
};

} // namespace vexfs
