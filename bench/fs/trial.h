// SPDX-License-Identifier: Apache-2.0
//
// What a program does to a file system, over and over for a slice of time.
//
// Threads: one thread.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/random.h"
#include "base/result.h"
#include "bench/result/latency.h"

namespace vexfs {

// What was done in a slice. Preparing and cleaning up are not counted.
struct Slice {
    uint64_t operations = 0;
    double seconds = 0;
    std::optional<Latency> latency; // of an operation, where it was taken
};

struct Trial {
    std::string name;
    std::string what; // one operation, for people
    std::string job;  // what another program is told that does the work; empty: this one does it
    // In an empty folder of its own, which it leaves as it likes.
    std::function<Result<Slice>(const std::string& folder, double seconds, Random& random)> run;
};

// Those that this program does itself.
std::vector<Trial> own_trials();

} // namespace vexfs
