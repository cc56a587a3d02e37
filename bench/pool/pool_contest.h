// SPDX-License-Identifier: Apache-2.0
//
// The same objects in each pool driver, by turns: how many bytes it takes to keep them, and the
// time of malloc, map and free.
//
// Threads: one thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace vexfs {

// Sizes of objects of one kind, in the order in which they come.
struct ObjectSet {
    std::string name;
    std::vector<uint32_t> sizes;
    uint64_t source_bytes = 0; // what they were before they were compressed; 0 of vectors
};

// Of one driver and one set. Shares are of stored bytes in what the pool takes.
struct PoolFigures {
    std::string_view driver;
    double density = 0;       // freshly filled, pages alone
    double with_metadata = 0; // the same, handles and descriptions of pages among it
    double churned = 0;       // pages alone, after half of it was replaced twice
    double thinned = 0;       // and after half of what was left went
    double compacted = 0;     // and after a compaction
    double compaction_ns = 0; // of each object that it moved
    std::vector<double> malloc_ns, map_ns, free_ns; // an operation, of each round
};

struct PoolPlan {
    uint32_t rounds = 5;
    uint32_t processor = 0;
    uint64_t seed = 1;
};

// In the order of pool_names().
Result<std::vector<PoolFigures>> run_pool_contest(const ObjectSet& set, const PoolPlan& plan);

} // namespace vexfs
