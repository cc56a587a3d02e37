// SPDX-License-Identifier: Apache-2.0
//
// Serves one queue with a few threads.
//
// One thread at a time waits at the doorbell, takes what comes and serves it itself: the way of a
// short request crosses no other thread. Before a request that may wait for the disk, and when more
// than one has come, another thread is sent to the doorbell, so that nobody waits behind it.
// Answers are committed in batches: with the next wait, after kBatch of them, and always before a
// thread begins what may take long.
//
// A queue that polls says so from a look-out until the next sleep, also while it serves a short
// request, so that clients spin for their replies. It takes that back before a request that may be
// long, if no thread is left to look out meanwhile.
//
// Threads: its own; the methods are the owner's, one thread.
#pragma once

#include <chrono>
#include <functional>
#include <thread>
#include <vector>

#include "base/mutex.h"
#include "userlib/frontend/kmod/doorbell.h"
#include "userlib/frontend/kmod/exchange.h"

namespace vexfs {

struct QueueOptions {
    unsigned threads = 4;
    // The longest time that a thread looks out for the next request before it sleeps; 0: none. It
    // keeps a CPU busy, and clients on others spin for their answers meanwhile. It adapts: after
    // each look-out in vain half of that, down to a sixteenth.
    std::chrono::nanoseconds poll{0};
};

class QueueServer {
  public:
    // Called by one of its threads when it serves no more: with success after an UNMOUNT, else with
    // the reason. It ends the channel, and does not wait for this server.
    using Ended = std::function<void(const Status&)>;

    // Dispatch and the memory outlive it.
    QueueServer(const SharedQueue& shared, std::unique_ptr<Doorbell> doorbell, Dispatch& dispatch,
                TimesChanged changed, const QueueOptions& options, Ended ended);
    // The channel has ended.
    ~QueueServer();
    QueueServer(const QueueServer&) = delete;
    QueueServer& operator=(const QueueServer&) = delete;

    // EAGAIN, ENOMEM: not all threads could be started.
    Status start();
    // Takes no request any more, and returns when all that were taken are answered.
    void drain();
    // Returns when its threads have ended, which they do when the channel has.
    void join();

  private:
    void work();
    std::optional<Taken> next(uint64_t& mask);
    std::optional<Taken> take() VEXFS_REQUIRES(mutex_);
    void wait_for_more(uint64_t& mask) VEXFS_REQUIRES(mutex_);
    void wait_at_doorbell(uint64_t& mask) VEXFS_REQUIRES(mutex_);
    [[nodiscard]] bool polls() const { return options_.poll.count() > 0; }
    void say_polling(bool polling); // at the doorbell, or under mutex_ while nobody is there
    [[nodiscard]] bool poll(uint32_t head);
    bool commit(uint64_t& mask); // false: the channel has ended
    void rest() VEXFS_REQUIRES(mutex_);
    void end(const Status& why) VEXFS_REQUIRES(mutex_);

    const std::unique_ptr<Doorbell> doorbell_;
    Dispatch& dispatch_;
    const TimesChanged changed_;
    const QueueOptions options_;
    const Ended ended_;
    Mutex mutex_;
    CondVar came_;  // a request that another thread is to take, or the place at the doorbell
    CondVar rests_; // no thread has a request any more
    RequestQueue requests_; // take(), head() and more() under mutex_, answer() without
    bool at_doorbell_ VEXFS_GUARDED_BY(mutex_) = false;
    bool draining_ VEXFS_GUARDED_BY(mutex_) = false;
    bool over_ VEXFS_GUARDED_BY(mutex_) = false;
    unsigned active_ VEXFS_GUARDED_BY(mutex_) = 0; // threads that may have a request or an answer
    std::chrono::nanoseconds look_out_{0};         // of the thread at the doorbell
    int polling_cpu_ = -1;                         // as clients are told, -1: none; see say_polling
    std::vector<std::thread> threads_;
};

} // namespace vexfs
