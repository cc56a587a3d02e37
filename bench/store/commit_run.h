// SPDX-License-Identifier: Apache-2.0
//
// Synced commits, side by side: all stores are open in this process and take turns, slice by slice,
// with a bare write and flush between them.
//
// Threads: one thread.
#pragma once

#include <memory>
#include <vector>

#include "base/random.h"
#include "bench/store/store_options.h"
#include "bench/store/store_report.h"

namespace vexfs {

class CommitRun {
  public:
    // All outlive the run.
    CommitRun(const StoreBenchOptions& options, const Disk& disk,
              std::vector<std::unique_ptr<KeyValueStore>>& stores, StoreReport& report)
        : options_(options), disk_(disk), stores_(stores), report_(report), random_(options.seed) {}

    Status run(BareSync& bare);

  private:
    // What one store did under one pattern with one size.
    struct Cell {
        size_t store = 0;
        CommitFigures figures;
        std::vector<uint64_t> all_ns;
        double seconds = 0;
    };

    void make_cells();
    Status warm_up();
    Status run_slice(Cell& cell);
    Status run_bare(BareSync& bare);
    std::vector<Put> next_puts(const CommitFigures& figures);

    const StoreBenchOptions& options_;
    const Disk& disk_;
    std::vector<std::unique_ptr<KeyValueStore>>& stores_;
    StoreReport& report_;
    Random random_;
    std::vector<Cell> cells_;
    std::vector<uint64_t> bare_ns_;
    uint64_t created_ = 0;       // puts behind those of the load
    uint64_t version_ = 1 << 20; // of values: none has been stored before
};

} // namespace vexfs
