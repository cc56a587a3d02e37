// SPDX-License-Identifier: Apache-2.0
//
// The crash sweep: the power fails at the writes of a workload, and whatever the medium may then
// hold must open, pass check, and be a state that the workload went through, no older than the last
// one that was acknowledged.
//
// What is pending at a crash, the writes since the last flush, lands not at all, wholly, in part,
// torn at 512 bytes, or in another order. Recovery writes too, so some of the recoveries are cut
// short in the same ways and recovered again. Where the states that may be tried do not suffice for
// every write, those that are crashed at are spread over the whole workload by chance.
//
// Threads: one thread.
#pragma once

#include <string>

#include "userlib/testing/sim/workload.h"

namespace vexfs {

struct SweepResult {
    uint64_t states = 0;
    uint64_t violations = 0;
    uint64_t image_hash = 0;
    std::string first_violation;
};

// Sweeps one seed. Stops at its first violation, or once it has tried `states_max` states. The same
// arguments crash at the same writes.
SweepResult sweep_seed(uint64_t seed, uint64_t states_max);

} // namespace vexfs
