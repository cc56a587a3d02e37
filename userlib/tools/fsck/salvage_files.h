// SPDX-License-Identifier: Apache-2.0
//
// What `fsck.vexfs --salvage DIR` writes: the data of each object as a file, and what is known
// about it.
//
//     DIR/objects/OID    the data, at its offsets; what was lost is a hole
//     DIR/items.jsonl    every other item: key, value in hex, commit
//     DIR/manifest.json  the volume, a line for each object with what it lost, lost ranges of keys
//
// Threads: one thread.
#pragma once

#include <string>

#include "userlib/device/device.h"

namespace vexfs {

struct SalvageSummary {
    uint64_t objects = 0;
    uint64_t items = 0;
    uint64_t data_bytes = 0;
    uint64_t lost_bytes = 0;      // of records that are known
    uint64_t lost_key_ranges = 0; // of what nothing is known
    uint64_t damaged_nodes = 0;   // what lay below them is from older commits, or lost
    uint64_t log_operations = 0;  // that the log had on top of the newest commit
    bool log_damaged = false;     // and it had more

    [[nodiscard]] bool complete() const {
        return lost_bytes == 0 && lost_key_ranges == 0 && damaged_nodes == 0 && !log_damaged;
    }
};

// The directory is made; EEXIST if it is there and not empty. EIO, ENOSPC and so on from writing
// it; the errors of salvage(). `explanation` is a sentence for the user.
Result<SalvageSummary> salvage_files(Device& device, const std::string& directory,
                                     std::string& explanation);

} // namespace vexfs
