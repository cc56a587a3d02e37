// SPDX-License-Identifier: Apache-2.0
//
// What a kernel module has to survive: programs that call it at random, and an engine that answers
// at random. They only say how often they did it; the kernel's log is the judge.
//
// Threads: each function from one thread; it starts its own and its own processes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/random.h"

namespace vexfs {

inline bool one_in(Random& chance, unsigned n) {
    return chance.below(n) == 0;
}

// Random ioctls with random memory on what can be opened of `paths`, `calls` times. False: none
// can.
bool run_hostile_client(const std::vector<std::string>& paths, uint64_t seed, uint64_t calls);

// Serves a mount at `mountpoint` with random answers, `rounds` times, while children use it. False:
// not once was it mounted.
bool run_hostile_engine(const std::string& mountpoint, uint64_t seed, uint64_t rounds);

} // namespace vexfs
