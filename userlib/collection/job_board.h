// SPDX-License-Identifier: Apache-2.0
//
// The jobs of a collection: what works on it in the background, how far that is, and what an owner
// has paused.
//
// Of each kind one job at a time is unfinished; the latest finished ones are remembered. It does no
// work: whoever works asks whether he may, and says how far he is. A pause holds between two steps.
//
// Threads: any, a lock inside.
#pragma once

#include <array>
#include <deque>
#include <optional>
#include <vector>

#include "base/mutex.h"
#include "base/result.h"
#include "index/flat/scan.h"

namespace vexfs {

// The numbers are those of the application ABI.
enum class JobKind : uint32_t {
    kLink = 1,
    kConsolidate = 2,
    kTrain = 3,
    kCompact = 4,
    kErase = 5,
};

enum class JobState : uint32_t { kQueued = 1, kRunning = 2, kPaused = 3, kDone = 4, kFailed = 5 };

struct JobRecord {
    uint64_t id = 0; // never given to another job of the board
    JobKind kind = JobKind::kLink;
    JobState state = JobState::kQueued;
    uint64_t done = 0;       // rows
    uint64_t total = 0;      // 0: not known
    uint64_t started_ns = 0; // since 1970; 0: not yet
    uint64_t ended_ns = 0;
    std::optional<Error> failure;

    [[nodiscard]] bool ended() const {
        return state == JobState::kDone || state == JobState::kFailed;
    }
};

class JobBoard {
  public:
    static constexpr size_t kRemembered = 4; // finished jobs of each kind

    // The unfinished job of the kind; a queued one is made if there is none. `made` tells.
    JobRecord ask(JobKind kind, bool& made);
    // The unfinished job of the kind, made if there is none, is at work and so far. `total` 0 keeps
    // what was said before.
    void at_work(JobKind kind, uint64_t done, uint64_t total);
    // It has done so many more, and knows of so many that are left.
    void advance(JobKind kind, uint64_t more, uint64_t left);
    // The unfinished job of the kind ends; nothing happens if there is none.
    void end(JobKind kind, const Status& status = ok());
    // The same for all kinds that the collection itself works on.
    void fail_own(const Error& error);

    // False if the kind, or everything, is paused.
    [[nodiscard]] bool may_work(JobKind kind);
    // The job, or with id 0 all unfinished ones and those to come. How many jobs changed; ENOENT if
    // no job of that id is known.
    Result<uint32_t> pause(uint64_t id) { return set_paused(id, true); }
    Result<uint32_t> resume(uint64_t id) { return set_paused(id, false); }

    // Unfinished ones first, each group by kind.
    [[nodiscard]] std::vector<JobRecord> list();
    // Until the job has ended or is paused. ENOENT if it is not known; ECANCELED, ETIMEDOUT.
    Result<JobRecord> wait(uint64_t id, const index::ScanStop& stop);

  private:
    static constexpr size_t kKinds = 5;

    struct Kind {
        std::optional<JobRecord> current;
        bool paused = false;
        std::deque<JobRecord> finished; // the latest first
    };

    Result<uint32_t> set_paused(uint64_t id, bool paused);
    JobRecord& current(JobKind kind, bool& made) VEXFS_REQUIRES(mutex_);
    JobRecord& started(JobKind kind) VEXFS_REQUIRES(mutex_);
    Kind& of(JobKind kind) VEXFS_REQUIRES(mutex_) { return kinds_[static_cast<size_t>(kind) - 1]; }
    void finish(Kind& kind, const Status& status) VEXFS_REQUIRES(mutex_);

    Mutex mutex_;
    CondVar changed_;
    std::array<Kind, kKinds> kinds_ VEXFS_GUARDED_BY(mutex_);
    bool all_paused_ VEXFS_GUARDED_BY(mutex_) = false;
    uint64_t last_id_ VEXFS_GUARDED_BY(mutex_) = 0;
};

} // namespace vexfs
