// SPDX-License-Identifier: Apache-2.0
//
// What a kernel module has to survive: programs that call it at random, and an engine that answers
// at random. Both print nothing but what went wrong with themselves; the kernel's log is the judge.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace vexfs {

using Chance = std::mt19937_64;

inline bool one_in(Chance& chance, unsigned n) {
    return chance() % n == 0;
}

// Random ioctls with random memory on what can be opened of `paths`, `calls` times. False: none
// can.
bool run_hostile_client(const std::vector<std::string>& paths, uint64_t seed, uint64_t calls);

// Serves a mount at `mountpoint` with random answers, `rounds` times, while children use it. False:
// not once was it mounted.
bool run_hostile_engine(const std::string& mountpoint, uint64_t seed, uint64_t rounds);

} // namespace vexfs
