// SPDX-License-Identifier: Apache-2.0
#include "userlib/collection/link_crew.h"

#include <algorithm>
#include <utility>

#include "base/guard.h"
#include "base/nice.h"

namespace vexfs {

namespace {

Error no_memory() {
    return fail(Code::kENOMEM, "linker: no memory");
}

} // namespace

LinkCrew::LinkCrew(size_t threads)
    : workers_(std::max<size_t>(threads, 1)), threads_most_(workers_.size()) {}

LinkCrew::~LinkCrew() {
    {
        MutexLock lock(mutex_);
        stop_ = true;
    }
    changed_.notify_all();
    for (std::thread& thread : threads_)
        thread.join();
}

// With fewer threads than are wished for it takes longer.
void LinkCrew::start() {
    while (threads_.size() + 1 < threads_most_) {
        const size_t worker = threads_.size() + 1;
        const Status started = guard(no_memory(), [&]() -> Status {
            threads_.emplace_back([this, worker] { follow(worker); });
            return ok();
        });
        if (!started)
            threads_most_ = worker;
    }
}

Status LinkCrew::run(size_t parts, const Work& work) {
    work_ = &work;
    parts_ = parts;
    next_part_ = 0;
    if (parts > 1)
        start();
    {
        MutexLock lock(mutex_);
        failure_.reset();
        open_ = parts > 1;
        round_ += parts > 1 ? 1 : 0;
    }
    if (parts > 1)
        changed_.notify_all();
    take_parts(0);
    MutexLock lock(mutex_);
    open_ = false; // a thread that comes late finds nothing to do, and is not waited for
    while (at_work_ > 0)
        changed_.wait(mutex_);
    return failure_ ? Status(*failure_) : ok();
}

void LinkCrew::follow(size_t worker) {
    bool nice = false;
    uint64_t seen = 0;
    for (;;) {
        {
            MutexLock lock(mutex_);
            while (!stop_ && (!open_ || round_ == seen))
                changed_.wait(mutex_);
            if (stop_)
                return;
            seen = round_;
            ++at_work_;
        }
        if (nice_ && !std::exchange(nice, true))
            vexfs::be_nice();
        take_parts(worker);
        MutexLock lock(mutex_);
        --at_work_;
        changed_.notify_all();
    }
}

void LinkCrew::take_parts(size_t worker) {
    for (;;) {
        const size_t part = next_part_.fetch_add(1);
        if (part >= parts_)
            return;
        const Status done = guard(no_memory(), [&] { return (*work_)(part, workers_[worker]); });
        if (done)
            continue;
        next_part_ = parts_;
        MutexLock lock(mutex_);
        if (!failure_)
            failure_ = done.error();
    }
}

} // namespace vexfs
