// SPDX-License-Identifier: Apache-2.0
//
// Filesystems of the kernel module that have an engine and are not mounted, to be measured.
//
// Threads: one thread.
#pragma once

#include <cstdint>

namespace vexfs {

struct Attached {
    uint32_t filesystems = 0;
    uint32_t queues = 1; // of each
    uint32_t slots = 1;  // of each of those
};

// Runs a command of the shell while they are there. Its status; 1 if they cannot be made.
int run_attached(const Attached& how, const char* command);

} // namespace vexfs
