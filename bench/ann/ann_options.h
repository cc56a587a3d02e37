// SPDX-License-Identifier: Apache-2.0
//
// What `vexfs-bench ann` is asked to measure.
//
// Threads: a value.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "bench/cli/options.h"
#include "index/kernels/isa.h"
#include "index/kernels/metric.h"

namespace vexfs {

struct AnnOptions {
    std::string base;
    std::string query;
    std::string truth;
    bool cache_truth = false;
    uint64_t rows = 0;    // 0: all
    uint64_t queries = 0; // 0: all
    std::string metric = "l2";
    uint64_t k = 10;
    uint64_t links = 16;
    uint64_t build_effort = 200;
    uint64_t threads = 1;
    std::string peer = "hnswlib";
    std::string external; // adapters, separated by commas
    std::vector<double> filter_percents;
    std::vector<uint64_t> clients; // empty: none beside the sweep's own
    bool correlated = false;
    uint64_t churn_rounds = 0; // 0: none
    uint64_t live_rows = 0;    // 0: half of the rows, at most 50,000
    bool reload = false;
    bool small_sets = false;
    bool quick = false;
    uint64_t rounds = 3;
    std::vector<uint64_t> efforts; // empty: a grid
    std::string isa;               // empty: the fastest
    uint64_t processor = 0;
    uint64_t seed = 1;
    bool json = false;

    // Binds everything to the options of the command line.
    void bind(Options& options);
    // What is wrong with the whole, if anything.
    [[nodiscard]] std::string complaint() const;

    // Whether an index of FAISS is measured.
    [[nodiscard]] bool with_faiss() const;
    [[nodiscard]] index::Metric metric_value() const;
    [[nodiscard]] std::vector<uint32_t> effort_grid() const;
};

} // namespace vexfs
