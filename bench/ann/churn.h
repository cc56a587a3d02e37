// SPDX-License-Identifier: Apache-2.0
//
// Churn: rows are deleted and fresh ones put in their place, round after round, and recall, cost
// and memory are watched.
//
// Every round replaces a tenth of the live rows, chosen at random, by rows that are not live; one
// in twenty of the fresh rows is an exact copy of another row. Ten rounds turn over as many rows as
// are live. All contenders go through the same rounds, one after the other within each round.
//
// Threads: one thread.
#pragma once

#include <span>
#include <vector>

#include "base/result.h"
#include "bench/ann/contender.h"
#include "bench/data/generate.h"

namespace vexfs {

struct ChurnPlan {
    uint32_t rounds = 10;
    uint32_t live_rows = 0; // the first rows of the base; the rest is the supply of fresh ones
    uint32_t k = 10;
    std::vector<uint32_t> efforts = {16, 64, 128};
    uint32_t truth_threads = 1;
    uint64_t seed = 1;
};

// What is known of a contender after `round` rounds.
struct ChurnSample {
    uint32_t round = 0;
    std::vector<double> recalls; // one per effort
    std::vector<double> qps;
    double replace_microseconds = 0; // per delete+insert, mean of the rounds since the last sample
    Footprint footprint;
};

struct ChurnResult {
    double build_seconds = 0;
    std::vector<ChurnSample> samples; // rounds 0, 1 and then every tenth part
};

// Turns one in twenty of the rows from `live_rows` on into copies of rows before it.
void plant_duplicates(Matrix& base, uint32_t live_rows, uint64_t seed);

// One result per contender. They are not built yet. At least live_rows / 10 rows must be beyond the
// live ones.
Result<std::vector<ChurnResult>> run_churn(std::span<Contender* const> contenders,
                                           const VectorSet& set, index::Metric metric,
                                           const ChurnPlan& plan);

} // namespace vexfs
