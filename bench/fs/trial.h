// SPDX-License-Identifier: Apache-2.0
//
// What a program does to a file system, over and over for a slice of time.
//
// Threads: one thread.
#pragma once

#include <span>
#include <string>

#include "base/random.h"
#include "base/result.h"

namespace vexfs {

// What was done in a slice. Preparing and cleaning up are not counted.
struct Slice {
    uint64_t operations = 0;
    double seconds = 0;
};

struct Trial {
    const char* name;
    const char* what; // one operation, for people
    // In an empty folder of its own, which it leaves as it likes.
    Result<Slice> (*run)(const std::string& folder, double seconds, Random& random);
};

std::span<const Trial> all_trials();

} // namespace vexfs
