// SPDX-License-Identifier: Apache-2.0
//
// check: whether what is on disk is all that the format demands.
//
// Follows the commit in force from the root: every node in both copies, every fence and level,
// every record down to its bytes, the orphans; then compares the blocks that were reached with the
// bitmaps, bit by bit, and looks at the headers and all uberblocks of all labels. It reads past the
// cache and repairs nothing.
//
// Threads: one thread, and nothing else uses the store meanwhile.
#pragma once

#include <string>

#include "userlib/store/store.h"

namespace vexfs {

struct Finding {
    Error error;
    uint64_t oid = 0;     // of the item or the node's first key
    uint64_t offset = 0;  // likewise, its sub
    uint64_t address = 0; // block; 0 if it is not about one
};

struct CheckReport {
    static constexpr size_t kFindingsMax = 1000;

    std::vector<Finding> findings; // the first ones
    uint64_t problems = 0;         // all
    uint64_t nodes = 0;
    uint64_t items = 0;
    uint64_t records = 0;
    uint64_t data_bytes = 0;
    uint64_t orphans = 0;
    uint64_t used_blocks = 0;
    ReadDamage damage; // nodes and records among the problems

    [[nodiscard]] bool clean() const { return problems == 0; }
};

// Never fails: what cannot be read is a finding. If memory runs out there is one problem and no
// finding. A store that was opened read-only with a log to replay is checked as of its last commit.
CheckReport check(Store& store);

} // namespace vexfs
