// SPDX-License-Identifier: Apache-2.0
//
// What `vexfs-bench fs` found, as text and as results.
//
// Threads: values and pure functions.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "bench/machine/machine.h"
#include "bench/result/result_file.h"

namespace vexfs {

// Where the time of the first place went, if its engine tells.
struct EngineShare {
    double requests = 0; // to the engine, per operation
    double of_time = 0;  // that the engine worked; the rest is the kernel's and FUSE's
};

struct TrialFigures {
    std::string name;
    std::string what;
    std::string job; // what another program was told that did the work
    // [place][round], operations a second.
    std::vector<std::vector<double>> rates;
    // The same of an operation; no rounds where the trial does not tell.
    std::vector<std::vector<Latency>> latencies;
    std::optional<EngineShare> engine;
};

struct FsReport {
    Machine machine;
    std::string command;
    std::string setting;             // which fio took part, or why none did
    std::vector<std::string> places; // the first is compared with the others
    std::vector<TrialFigures> trials;
};

std::string text_of(const FsReport& report);
// Each trial is a benchmark: fs.create, fs.read ...
ResultFile results_of(const FsReport& report);

} // namespace vexfs
