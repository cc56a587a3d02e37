// SPDX-License-Identifier: Apache-2.0
//
// The sub-command of vexfs-bench that searches a collection whose vectors do not fit the cache.
//
// Exit codes: 0 done, 1 failed, 2 wrong arguments. Reports go to stdout, everything else to stderr.
//
// Threads: one thread.
#pragma once

#include <span>

namespace vexfs {

// `arguments` is the whole command line, the program's name and the sub-command's first.
int run_vectors(std::span<const char* const> arguments);

} // namespace vexfs
