// SPDX-License-Identifier: Apache-2.0
//
// What `vexfs-bench store` found, as text for people and as results for programs.
//
// A ratio is the peer's time over ours, round by round of the same run, and the middle of those:
// over 1 is in our favour. The smallest and the largest say how far the rounds were apart.
//
// Threads: pure.
#pragma once

#include <string>
#include <vector>

#include "bench/machine/machine.h"
#include "bench/result/result_file.h"
#include "bench/store/disk.h"
#include "bench/store/key_value_store.h"

namespace vexfs {

// Of each round, in nanoseconds.
std::vector<double> medians_of(const std::vector<Latency>& rounds);

struct LoadFigures {
    std::vector<double> seconds; // by load
    DiskCounts disk;             // of the last one
};

struct OpenFigures {
    std::vector<double> milliseconds; // by stop
    OwnCounts counts;                 // of the last one
    uint64_t synced_puts = 0;         // since the open before, until the kill
};

struct CommitFigures {
    std::string pattern;
    uint64_t size = 0;
    std::vector<Latency> rounds;
    Latency all;                // of all rounds together
    double puts_per_second = 0; // with all that goes on behind the commits
    uint64_t commits = 0;
    DiskCounts disk;
    OwnCounts counts;
};

struct StoreFigures {
    std::string name;
    std::string description;
    LoadFigures load;
    OpenFigures clean;
    OpenFigures killed;
    std::vector<CommitFigures> commits;
};

// What a writer of our store waits while data commits, by round.
struct StallFigures {
    std::string placed; // where the data is
    std::vector<double> longest_ms;
    std::vector<double> commit_ms;
};

struct StoreReport {
    static constexpr uint64_t kStallBytes = uint64_t{64} << 20; // the data of such a commit

    Machine machine;
    std::string command;
    std::string disk;
    uint64_t keys = 0;
    std::string order;
    uint64_t size_bytes = 0;
    std::vector<Latency> bare_rounds;
    Latency bare;
    std::vector<StoreFigures> stores; // ours first
    std::vector<StallFigures> stalls; // with a freeze that places everything, and as it is
};

std::string text_of(const StoreReport& report);
ResultFile results_of(const StoreReport& report);

} // namespace vexfs
