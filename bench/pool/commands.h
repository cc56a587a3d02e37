// SPDX-License-Identifier: Apache-2.0
//
// The sub-commands of vexfs-bench that hold the pool drivers beside each other, the policies of the
// cache, and the store's cache with a cold tier beside the same without.
//
// Exit codes: 0 done, 1 failed, 2 wrong arguments. Reports go to stdout, everything else to stderr.
//
// Threads: one thread.
#pragma once

#include <span>

namespace vexfs {

// `arguments` is the whole command line, the program's name and the sub-command's first.
int run_pool(std::span<const char* const> arguments);
int run_cache(std::span<const char* const> arguments);
int run_tier(std::span<const char* const> arguments);

} // namespace vexfs
