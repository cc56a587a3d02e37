// SPDX-License-Identifier: Apache-2.0
//
// The threads that link rows beside the linker's own, each with working memory of its own.
//
// They start with the first work that has parts for them. Once it is said they take what the
// processors have left: they are nice, so that puts and searches come first.
//
// Threads: run() one thread.
#pragma once

#include <atomic>
#include <functional>
#include <optional>
#include <thread>
#include <vector>

#include "base/mutex.h"
#include "base/result.h"
#include "index/graph/scratch.h"
#include "userlib/store/store.h"

namespace vexfs {

// Threads: one thread.
struct LinkWorker {
    index::Scratch scratch;
    Page buffer;
};

class LinkCrew {
  public:
    // So many threads work, with the one that calls run().
    explicit LinkCrew(size_t threads);
    ~LinkCrew();
    LinkCrew(const LinkCrew&) = delete;
    LinkCrew& operator=(const LinkCrew&) = delete;

    [[nodiscard]] size_t threads() const { return threads_most_; }

    // From here on its threads take what others leave of the processors.
    void be_nice() { nice_ = true; }

    // Does all parts from 0 on, several at once, and returns when none is at work. After a failure
    // parts that nobody began are left out; it is the result.
    using Work = std::function<Status(size_t part, LinkWorker& worker)>;
    Status run(size_t parts, const Work& work);

  private:
    void start();
    void follow(size_t worker); // from round to round
    void take_parts(size_t worker);

    std::vector<LinkWorker> workers_; // the first is that of the caller of run()
    std::vector<std::thread> threads_;
    size_t threads_most_;
    std::atomic<bool> nice_ = false;

    // Of the work at hand; changed while nobody is at work.
    const Work* work_ = nullptr;
    size_t parts_ = 0;
    std::atomic<size_t> next_part_ = 0;

    Mutex mutex_;
    CondVar changed_;
    uint64_t round_ VEXFS_GUARDED_BY(mutex_) = 0; // of work
    bool open_ VEXFS_GUARDED_BY(mutex_) = false;  // threads may join it
    size_t at_work_ VEXFS_GUARDED_BY(mutex_) = 0; // that did, beside the caller's
    bool stop_ VEXFS_GUARDED_BY(mutex_) = false;
    std::optional<Error> failure_ VEXFS_GUARDED_BY(mutex_);
};

} // namespace vexfs
