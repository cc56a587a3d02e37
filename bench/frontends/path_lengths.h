// SPDX-License-Identifier: Apache-2.0
//
// How many instructions the way to the engine and back takes by each front end, the kernel module's
// among them, as vm-tests/cases/perf counts them in a virtual machine.
//
// Threads: a pure function, but for the files.
#pragma once

#include <string>
#include <vector>

#include "bench/result/result_file.h"

namespace vexfs {

// `files`: names with commas between them, each a JSON object of "kernel" and numbers. Nothing if
// one is no such file; the complaint begins with its name.
std::optional<std::vector<Measurement>> path_lengths(const std::string& files,
                                                     std::string& complaint);

} // namespace vexfs
