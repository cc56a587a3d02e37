// SPDX-License-Identifier: Apache-2.0
//
// Counts of instructions beside recorded ones.
//
// Threads: pure functions.
#pragma once

#include <string>
#include <vector>

#include "bench/result/result_file.h"

namespace vexfs {

// One for each case.
std::vector<Measurement> instruction_results(const std::vector<uint64_t>& counts);

struct GateVerdict {
    bool passed = false;
    std::string text; // a line for each case, and what to do if one grew
};

// Fails if a case takes `percent` more than was recorded, and if one is in one of the files alone.
GateVerdict hold_against(const std::vector<Measurement>& recorded,
                         const std::vector<Measurement>& measured, double percent);

} // namespace vexfs
