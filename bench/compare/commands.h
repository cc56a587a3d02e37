// SPDX-License-Identifier: Apache-2.0
//
// The sub-command of vexfs-bench that holds two files of results beside each other.
//
// Exit codes: 0 nothing of ours got worse, 1 something did or the files could not be compared,
// 2 wrong arguments. The table goes to stdout, complaints to stderr.
//
// Threads: one thread.
#pragma once

#include <span>

namespace vexfs {

// `arguments` is the whole command line, the program's name and the sub-command's first.
int run_compare(std::span<const char* const> arguments);

} // namespace vexfs
