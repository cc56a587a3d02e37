// SPDX-License-Identifier: Apache-2.0
//
// The sub-command of vexfs-bench that runs a grid of measurements.
//
// Exit codes: 0 every cell has a result, 1 some have none, 2 wrong arguments. What goes on is told
// on stderr.
//
// Threads: one thread; the cells are processes of their own.
#pragma once

#include <span>

namespace vexfs {

// `arguments` is the whole command line, the program's name and the sub-command's first.
int run_grid(std::span<const char* const> arguments);

} // namespace vexfs
