// SPDX-License-Identifier: Apache-2.0
//
// The sub-command of vexfs-bench that counts instructions.
//
// Exit codes: 0 done, 1 failed or grown, 2 wrong arguments. Reports go to stdout, all else to
// stderr.
//
// Threads: one thread.
#pragma once

#include <span>

namespace vexfs {

// `arguments` is the whole command line, the program's name and the sub-command's first.
int run_instructions(std::span<const char* const> arguments);

} // namespace vexfs
