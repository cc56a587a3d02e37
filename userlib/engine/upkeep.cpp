// SPDX-License-Identifier: Apache-2.0
#include "userlib/engine/upkeep.h"

#include <algorithm>

#include "base/guard.h"
#include "base/log.h"

namespace vexfs {

namespace {

constexpr std::chrono::milliseconds kTakeOutWait{20};
constexpr size_t kReapItems = 1024;

// Moves rows to the front and cuts the columns off behind them.
class CompactWork final : public UpkeepWork {
  public:
    CompactWork(Collections& collections, OpenCollection& collection)
        : collections_(collections), collection_(collection) {}

    Result<bool> step() override {
        switch (phase_) {
        case Phase::kTakeOut:
            if (VEXFS_TRY(collection_.rows->take_out_dead(kTakeOutWait)))
                phase_ = Phase::kMove;
            return true;
        case Phase::kMove:
            if (!VEXFS_TRY(collections_.move_rows(collection_)))
                phase_ = Phase::kTakeOutMoved;
            return true;
        case Phase::kTakeOutMoved:
            if (VEXFS_TRY(collection_.rows->take_out_dead(kTakeOutWait)))
                phase_ = Phase::kCut;
            return true;
        case Phase::kCut:
            VEXFS_TRY_VOID(collections_.while_open(collection_, [&]() -> Status {
                VEXFS_TRY(collection_.rows->cut_tail());
                return ok();
            }));
            return false;
        }
        VEXFS_UNREACHABLE("every phase has a case");
    }

    [[nodiscard]] uint64_t done() const override {
        const RowCounts counts = collection_.rows->counts();
        return phase_ == Phase::kCut ? counts.rows : std::min(counts.rows, first_misplaced(counts));
    }
    [[nodiscard]] uint64_t total() const override { return collection_.rows->counts().rows; }

  private:
    enum class Phase { kTakeOut, kMove, kTakeOutMoved, kCut };

    // At least so many rows are where they may stay.
    static uint64_t first_misplaced(const RowCounts& counts) {
        const uint64_t behind = counts.slots - std::min(counts.slots, counts.rows);
        return counts.rows - std::min(counts.rows, behind);
    }

    Collections& collections_;
    OpenCollection& collection_;
    Phase phase_ = Phase::kTakeOut;
};

// Leaves no byte of removed rows on the volume: not in the columns, not in what was freed.
class EraseWork final : public UpkeepWork {
  public:
    EraseWork(Collections& collections, OpenCollection& collection, Store& store)
        : collections_(collections), collection_(collection), store_(store) {}

    Result<bool> step() override {
        switch (phase_) {
        case Phase::kTakeOut:
            if (VEXFS_TRY(collection_.rows->take_out_dead(kTakeOutWait)))
                phase_ = Phase::kSweep;
            return true;
        case Phase::kSweep:
            return sweep();
        case Phase::kReap:
            if (!VEXFS_TRY(store_.step_reap(kReapItems)))
                phase_ = Phase::kCommit;
            return true;
        case Phase::kCommit: // what was freed is not yet free
            VEXFS_TRY_VOID(store_.commit());
            if (++commits_ > FreeMap::kDeferTxgs + 1)
                phase_ = Phase::kWipe;
            return true;
        case Phase::kWipe:
            return wipe();
        }
        VEXFS_UNREACHABLE("every phase has a case");
    }

    [[nodiscard]] uint64_t done() const override {
        const uint64_t half = total() / 2;
        const uint64_t swept = std::min<uint64_t>(half, slot_ / 2);
        const uint64_t wiped = wipe_.total == 0
                                   ? 0
                                   : static_cast<uint64_t>(static_cast<double>(wipe_.position) /
                                                           static_cast<double>(wipe_.total) *
                                                           static_cast<double>(total() - half));
        return swept + wiped;
    }
    [[nodiscard]] uint64_t total() const override { return collection_.rows->counts().slots; }

  private:
    enum class Phase { kTakeOut, kSweep, kReap, kCommit, kWipe };

    Result<bool> sweep() {
        bool more = false;
        uint64_t erased = 0;
        VEXFS_TRY_VOID(collections_.while_open(collection_, [&]() -> Status {
            more = VEXFS_TRY(collection_.rows->sweep(slot_, erased));
            return ok();
        }));
        if (again_ && erased > 0)
            return fail(Code::kEIO, "erase: bytes of removed rows were still there");
        if (!more)
            phase_ = Phase::kReap;
        return true;
    }

    Result<bool> wipe() {
        if (VEXFS_TRY(store_.step_wipe(wipe_)))
            return true;
        VEXFS_TRY_VOID(store_.commit());
        if (again_ || !collection_.verify_erase.exchange(false))
            return false;
        again_ = true; // everything is read once more
        phase_ = Phase::kSweep;
        slot_ = 0;
        commits_ = 0;
        wipe_ = {};
        return true;
    }

    Collections& collections_;
    OpenCollection& collection_;
    Store& store_;
    Phase phase_ = Phase::kTakeOut;
    uint32_t slot_ = 0;
    uint64_t commits_ = 0;
    Wipe wipe_;
    bool again_ = false;
};

} // namespace

Upkeep::Upkeep(Collections& collections, Store& store)
    : collections_(collections), store_(store), thread_([this] { run(); }) {}

Upkeep::~Upkeep() {
    {
        MutexLock lock(mutex_);
        stop_ = true;
    }
    woken_.notify_all();
    thread_.join();
}

void Upkeep::wake() {
    {
        MutexLock lock(mutex_);
        asked_ = true;
    }
    woken_.notify_all();
}

bool Upkeep::stopping() {
    MutexLock lock(mutex_);
    return stop_;
}

void Upkeep::run() {
    for (;;) {
        {
            MutexLock lock(mutex_);
            while (!stop_ && !asked_)
                woken_.wait(mutex_);
            asked_ = false;
        }
        for (bool more = true; more && !stopping();)
            more = step_all();
        if (stopping())
            return;
    }
}

// A step of each job; whether there was any.
bool Upkeep::step_all() {
    const std::vector<std::shared_ptr<OpenCollection>> open = collections_.all_open();
    bool any = false;
    for (const std::shared_ptr<OpenCollection>& collection : open)
        for (const JobKind kind : {JobKind::kCompact, JobKind::kErase})
            any = step(collection, kind) || any;
    give_up_closed(open);
    return any;
}

bool Upkeep::step(const std::shared_ptr<OpenCollection>& collection, JobKind kind) {
    JobBoard& board = collection->rows->jobs();
    const std::vector<JobRecord> jobs = board.list();
    const auto is_wanted = [&](const JobRecord& job) {
        return job.kind == kind && !job.ended() && job.state != JobState::kPaused;
    };
    if (std::ranges::none_of(jobs, is_wanted))
        return false;
    Work& work = works_[{collection->number, kind}];
    if (!work.machine) {
        work.collection = collection;
        if (kind == JobKind::kCompact)
            work.machine = std::make_unique<CompactWork>(collections_, *collection);
        else
            work.machine = std::make_unique<EraseWork>(collections_, *collection, store_);
    }
    board.at_work(kind, work.machine->done(), work.machine->total());
    const Result<bool> more =
        guard(fail(Code::kENOMEM, "upkeep: no memory"), [&] { return work.machine->step(); });
    if (more && *more)
        return true;
    if (more)
        board.at_work(kind, work.machine->total(), work.machine->total());
    else
        log(LogLevel::kError, "upkeep", "a job failed",
            {{"directory", collection->directory},
             {"kind", static_cast<uint64_t>(kind)},
             {"error", more.error()}});
    works_.erase({collection->number, kind});
    board.end(kind, more ? ok() : Status(more.error()));
    return true;
}

void Upkeep::give_up_closed(std::span<const std::shared_ptr<OpenCollection>> open) {
    for (auto at = works_.begin(); at != works_.end();) {
        const bool is_open = std::ranges::find(open, at->second.collection) != open.end();
        if (!is_open)
            at->second.collection->rows->jobs().end(
                at->first.kind, fail(Code::kESTALE, "upkeep: the collection was closed"));
        at = is_open ? std::next(at) : works_.erase(at);
    }
}

} // namespace vexfs
