// SPDX-License-Identifier: Apache-2.0
#include "userlib/collection/job_board.h"

#include <algorithm>
#include <chrono>

namespace vexfs {

namespace {

constexpr std::chrono::milliseconds kStopWait{10};

uint64_t wall_ns() {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(now).count());
}

} // namespace

JobRecord& JobBoard::current(JobKind kind, bool& made) {
    Kind& its = of(kind);
    made = !its.current.has_value();
    if (made) {
        its.paused = all_paused_;
        its.current = JobRecord{};
        its.current->id = ++last_id_;
        its.current->kind = kind;
        its.current->state = its.paused ? JobState::kPaused : JobState::kQueued;
    }
    return *its.current;
}

JobRecord JobBoard::ask(JobKind kind, bool& made) {
    MutexLock lock(mutex_);
    return current(kind, made);
}

JobRecord& JobBoard::started(JobKind kind) {
    bool made = false;
    JobRecord& job = current(kind, made);
    if (job.started_ns == 0)
        job.started_ns = wall_ns();
    if (!of(kind).paused)
        job.state = JobState::kRunning;
    return job;
}

void JobBoard::at_work(JobKind kind, uint64_t done, uint64_t total) {
    MutexLock lock(mutex_);
    JobRecord& job = started(kind);
    job.done = done;
    job.total = total != 0 ? total : job.total;
}

void JobBoard::advance(JobKind kind, uint64_t more, uint64_t left) {
    MutexLock lock(mutex_);
    JobRecord& job = started(kind);
    job.done += more;
    job.total = job.done + left;
}

void JobBoard::finish(Kind& kind, const Status& status) {
    JobRecord& job = *kind.current;
    job.state = status ? JobState::kDone : JobState::kFailed;
    if (!status)
        job.failure = status.error();
    job.ended_ns = wall_ns();
    kind.finished.push_front(job);
    if (kind.finished.size() > kRemembered)
        kind.finished.pop_back();
    kind.current.reset();
    changed_.notify_all();
}

void JobBoard::end(JobKind kind, const Status& status) {
    MutexLock lock(mutex_);
    if (of(kind).current)
        finish(of(kind), status);
}

void JobBoard::fail_own(const Error& error) {
    for (const JobKind kind : {JobKind::kLink, JobKind::kConsolidate, JobKind::kTrain})
        end(kind, error);
}

bool JobBoard::may_work(JobKind kind) {
    MutexLock lock(mutex_);
    return !(of(kind).current ? of(kind).paused : all_paused_);
}

Result<uint32_t> JobBoard::set_paused(uint64_t id, bool paused) {
    MutexLock lock(mutex_);
    if (id == 0)
        all_paused_ = paused;
    uint32_t jobs = 0;
    bool known = id == 0;
    for (Kind& kind : kinds_) {
        for (const JobRecord& job : kind.finished)
            known = known || job.id == id;
        if (!kind.current || (id != 0 && kind.current->id != id))
            continue;
        known = true;
        if (kind.paused == paused)
            continue;
        kind.paused = paused;
        JobRecord& job = *kind.current;
        job.state = paused                ? JobState::kPaused
                    : job.started_ns == 0 ? JobState::kQueued
                                          : JobState::kRunning;
        ++jobs;
    }
    if (!known)
        return fail(Code::kENOENT, "jobs: no job has this id");
    changed_.notify_all();
    return jobs;
}

std::vector<JobRecord> JobBoard::list() {
    MutexLock lock(mutex_);
    std::vector<JobRecord> jobs;
    for (const Kind& kind : kinds_)
        if (kind.current)
            jobs.push_back(*kind.current);
    for (const Kind& kind : kinds_)
        jobs.insert(jobs.end(), kind.finished.begin(), kind.finished.end());
    return jobs;
}

Result<JobRecord> JobBoard::wait(uint64_t id, const index::ScanStop& stop) {
    MutexLock lock(mutex_);
    for (;;) {
        const JobRecord* found = nullptr;
        for (const Kind& kind : kinds_) {
            if (kind.current && kind.current->id == id)
                found = &*kind.current;
            for (const JobRecord& job : kind.finished)
                found = job.id == id ? &job : found;
        }
        if (found == nullptr)
            return fail(Code::kENOENT, "jobs: no job has this id");
        if (found->ended() || found->state == JobState::kPaused)
            return *found;
        VEXFS_TRY_VOID(stop.check());
        changed_.wait_for(mutex_, kStopWait);
    }
}

} // namespace vexfs
