// SPDX-License-Identifier: Apache-2.0
//
// The jobs that an owner asks for: compact and erase, of all collections of a volume, on one
// thread.
//
// A job is a machine of small steps. Those that are queued take turns, so that one which is paused
// or waits keeps nobody.
//
// Threads: one of its own, from start to end; wake() from any.
#pragma once

#include <map>
#include <thread>

#include "userlib/engine/collections.h"

namespace vexfs {

// Threads: one thread.
class UpkeepWork {
  public:
    virtual ~UpkeepWork() = default;
    // False if it is done.
    virtual Result<bool> step() = 0;
    // How far it is, in rows.
    [[nodiscard]] virtual uint64_t done() const = 0;
    [[nodiscard]] virtual uint64_t total() const = 0;
};

class Upkeep {
  public:
    // Starts its thread. Both outlive it.
    Upkeep(Collections& collections, Store& store);
    ~Upkeep(); // in the middle of its work if it has any: who asked, asks again after the next open
    Upkeep(const Upkeep&) = delete;
    Upkeep& operator=(const Upkeep&) = delete;

    // A job was queued or resumed.
    void wake();

  private:
    struct Key {
        uint32_t number = 0; // of the open collection
        JobKind kind = JobKind::kCompact;
        // NOLINTNEXTLINE(modernize-use-nullptr): it sees the 0 that the comparison is made with
        friend auto operator<=>(const Key&, const Key&) = default;
    };
    struct Work {
        std::shared_ptr<OpenCollection> collection;
        std::unique_ptr<UpkeepWork> machine;
    };

    void run();
    [[nodiscard]] bool stopping();
    bool step_all();
    bool step(const std::shared_ptr<OpenCollection>& collection, JobKind kind);
    void give_up_closed(std::span<const std::shared_ptr<OpenCollection>> open);

    Collections& collections_;
    Store& store_;
    std::map<Key, Work> works_; // of the thread
    Mutex mutex_;
    CondVar woken_;
    bool stop_ VEXFS_GUARDED_BY(mutex_) = false;
    bool asked_ VEXFS_GUARDED_BY(mutex_) = false;
    std::thread thread_;
};

} // namespace vexfs
