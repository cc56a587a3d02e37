// SPDX-License-Identifier: Apache-2.0
//
// What the verbs of jobs take and give.
//
// Threads: values.
#pragma once

#include "userlib/collection/job_board.h"

namespace vexfs {

// The numbers are those of the application ABI.
enum class JobCommand : uint32_t { kPause = 1, kResume = 2, kCompact = 3, kErase = 4 };

// A job of a collection; its id is that of no other job while the volume is open.
struct VolumeJob {
    uint64_t collection = 0; // its directory
    JobRecord job;
};

struct JobAsk {
    JobCommand command = JobCommand::kPause;
    uint64_t id = 0;     // pause, resume: 0 is all of the collection
    bool verify = false; // erase: everything is read again afterwards
    bool wait = false;   // compact, erase: until it has ended, or is paused
    index::ScanStop stop{};
};

struct JobAnswer {
    uint64_t id = 0;
    uint32_t jobs = 0; // that changed
    std::optional<JobState> state;
};

} // namespace vexfs
