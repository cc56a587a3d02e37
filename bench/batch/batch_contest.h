// SPDX-License-Identifier: Apache-2.0
//
// The same queries one by one and in batches, by turns, on one index in memory.
//
// Threads: one thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "bench/data/generate.h"

namespace vexfs {

struct BatchPlan {
    uint32_t k = 10;
    uint32_t ef = 64;
    uint32_t size = 16; // queries of a batch
    uint32_t rounds = 9;
    uint32_t processor = 0;
};

// Of one way to search. Rounds of both took turns.
struct BatchFigures {
    std::string way;      // "scan", "as planned", "walk"
    std::string together; // what the second figure is: "a batch", "asked again"
    uint64_t rows = 0;
    std::vector<double> alone_ns; // a query, one by one
    std::vector<double> together_ns;
    double recall_alone = 0;
    double recall_together = 0;
};

// An index of the set's rows, searched
// - by scanning codes, one by one and in batches;
// - as the planner thinks best, one by one and in batches;
// - by walking the graph, each query twice: the second time all that it reads was just read, which
//   is more than queries of a batch could ever share.
Result<std::vector<BatchFigures>> run_batch_contest(const VectorSet& set, const BatchPlan& plan);

} // namespace vexfs
