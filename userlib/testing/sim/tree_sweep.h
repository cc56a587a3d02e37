// SPDX-License-Identifier: Apache-2.0
//
// The crash sweep of the namespace: all workloads of one and of two operations within the bounds of
// tree_operation.h, and a sample of longer ones, each crashed at every device write since its first
// operation.
//
// What a crash leaves has to open, pass the checks of the store and of the names, and hold the tree
// as it was after one of the operations, none before the last one that was synced; what the crash
// cut off has to be finished, and the volume has to go on working. At each write what is pending
// lands in all the ways of landing.h, with what is left to chance drawn once. Some recoveries are
// cut short in the same ways and recovered again.
//
// Threads: sweep_trees() starts some; each has a tree of its own.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"

namespace vexfs {

struct TreeSweepOptions {
    uint64_t seed = 1;
    uint64_t states_max = UINT64_MAX;
    uint32_t operations_max = 2; // 1 to 3
    // Of the workloads of more than one operation so many percent, chosen by the seed.
    double percent = 100;
    std::optional<uint64_t> only; // the workload of this number alone
    uint32_t threads = 1;
};

struct TreeSweepResult {
    uint64_t workloads = 0;
    uint64_t states = 0;
    uint64_t violations = 0;
    std::string first_violation;
    uint64_t violated_workload = 0; // the number of its workload
};

// Stops at the first violation. An error is one of the volume that every workload begins with.
Result<TreeSweepResult> sweep_trees(const TreeSweepOptions& options);

} // namespace vexfs
