// SPDX-License-Identifier: Apache-2.0
//
// Bulk loads, and opens after a clean stop and after a kill, store by store.
//
// Each runs in a process of its own, one after the other.
//
// Threads: one thread.
#pragma once

#include <vector>

#include "bench/child/child.h"
#include "bench/store/store_options.h"
#include "bench/store/store_report.h"

namespace vexfs {

// What a child has to say.
struct ChildReport {
    double seconds = 0;
    uint64_t puts = 0;
    OwnCounts counts;
};

class StoreRun {
  public:
    // `options`, `disk` and `report` outlive the run. `folder` is empty and the run's own.
    StoreRun(const StoreBenchOptions& options, std::string folder, const Disk& disk,
             StoreReport& report);

    Status load(); // every store, as often as the options say
    Status open(); // of what load() left, after clean stops and kills

    [[nodiscard]] StorePlace place_of(size_t store) const;

  private:
    Status load_once(size_t store);
    Result<ChildReport> timed_open(size_t store, uint64_t index, uint64_t version);
    Result<ChildReport> stop_by_kill(size_t store, uint64_t version);

    const StoreBenchOptions& options_;
    const std::string folder_;
    const std::vector<const StoreKind*> kinds_;
    const Disk& disk_;
    StoreReport& report_;
    uint64_t versions_ = 1; // of values, handed out
};

} // namespace vexfs
