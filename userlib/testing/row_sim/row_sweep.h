// SPDX-License-Identifier: Apache-2.0
//
// The crash sweep of volumes whose files have rows: the power fails at the writes of a seeded run,
// and what the medium may then hold has to open, pass all checks, and be the tree with its rows as
// it was after some verb, none before the last one that was acknowledged; exact searches find what
// brute force over the model of that moment finds; nothing is left of what the crash cut off.
//
// What is pending at a crash lands in all the ways of ../sim/landing.h, and some recoveries are cut
// short in the same ways and recovered again. Where the states that may be tried do not suffice for
// every write, those that are crashed at are spread over the run by chance.
//
// Threads: one thread a seed.
#pragma once

#include <string>

#include "base/result.h"

namespace vexfs {

struct RowSweepResult {
    uint64_t states = 0;
    uint64_t violations = 0;
    std::string first_violation;
};

// Stops at its first violation, or once it has tried `states_max` states. The same arguments crash
// at the same writes.
RowSweepResult sweep_rows(uint64_t seed, uint64_t states_max);

} // namespace vexfs
