// SPDX-License-Identifier: Apache-2.0
//
// Jobs of collections: listing and commanding them, and what they do to collections.
#include "userlib/engine/collections.h"

namespace vexfs {

namespace {

constexpr unsigned kNumberShift = 32;

uint64_t volume_id_of(const OpenCollection& collection, uint64_t id) {
    return uint64_t{collection.number} << kNumberShift | id;
}

// The id on the collection's own board; 0 of a job of another.
uint64_t board_id_of(const OpenCollection& collection, uint64_t id) {
    return id >> kNumberShift == collection.number ? id & UINT32_MAX : 0;
}

void add_jobs(OpenCollection& collection, std::vector<VolumeJob>& jobs) {
    for (JobRecord& job : collection.rows->jobs().list()) {
        job.id = volume_id_of(collection, job.id);
        jobs.push_back({collection.directory, job});
    }
}

} // namespace

Result<std::vector<VolumeJob>> Collections::jobs(uint64_t node, const Caller& caller) {
    std::vector<VolumeJob> jobs;
    if (node == kRootIno) {
        if (!caller.owns(ownership_of(VEXFS_TRY(names_.get(node)))))
            return fail(Code::kEPERM, "jobs: reserved for the owner of the root");
        return all_jobs();
    }
    VEXFS_TRY_VOID(check_owner(node, caller));
    if (const auto open = open_now(VEXFS_TRY(schema(node)).collection))
        add_jobs(*open, jobs);
    return jobs;
}

std::vector<VolumeJob> Collections::all_jobs() {
    std::vector<VolumeJob> jobs;
    for (const std::shared_ptr<OpenCollection>& one : all_open())
        add_jobs(*one, jobs);
    return jobs;
}

Result<JobAnswer> Collections::command(uint64_t node, const Caller& caller, const JobAsk& ask,
                                       const std::function<void()>& wake) {
    VEXFS_TRY_VOID(check_owner(node, caller));
    const std::shared_ptr<OpenCollection> collection =
        VEXFS_TRY(opened(VEXFS_TRY(schema(node)).collection));
    JobBoard& board = collection->rows->jobs();
    if (ask.command == JobCommand::kPause || ask.command == JobCommand::kResume) {
        const uint64_t id = ask.id == 0 ? 0 : board_id_of(*collection, ask.id);
        if (ask.id != 0 && id == 0)
            return fail(Code::kENOENT, "jobs: no job of the collection has this id");
        const bool pause = ask.command == JobCommand::kPause;
        const uint32_t jobs =
            VEXFS_TRY(pause ? board.pause(id) : collection->rows->resume_jobs(id));
        wake();
        return JobAnswer{ask.id, jobs, std::nullopt};
    }
    const bool compact = ask.command == JobCommand::kCompact;
    if (!compact && ask.verify)
        collection->verify_erase = true;
    bool made = false;
    JobRecord job = board.ask(compact ? JobKind::kCompact : JobKind::kErase, made);
    wake();
    if (ask.wait)
        job = VEXFS_TRY(board.wait(job.id, ask.stop));
    return JobAnswer{volume_id_of(*collection, job.id), 1, job.state};
}

Status Collections::while_open(const OpenCollection& collection,
                               const std::function<Status()>& work) {
    ReadLock borders(border_lock_);
    // One that is opened anew has slots of its own.
    if (open_now(collection.directory).get() != &collection)
        return fail(Code::kESTALE, "jobs: the collection was closed");
    return work();
}

Result<bool> Collections::move_rows(OpenCollection& collection) {
    const std::optional<uint64_t> ino = collection.rows->next_to_move();
    if (!ino)
        return false;
    bool moved = false;
    VEXFS_TRY_VOID(while_open(collection, [&]() -> Status {
        const auto held = file_locks_.lock({*ino});
        const Result<Inode> inode = names_.get(*ino);
        if (!inode && inode.error().code != Code::kESTALE)
            return inode.error();
        // Whoever removes the file is about to give up its rows.
        moved = inode && inode->nlink > 0 && VEXFS_TRY(collection.rows->move_rows(*ino));
        return ok();
    }));
    return moved;
}

} // namespace vexfs
