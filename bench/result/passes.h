// SPDX-License-Identifier: Apache-2.0
//
// One run out of several of the same command.
//
// What disturbs a machine lasts longer than the rounds of one run, and a build with several threads
// makes another graph each time: rounds of runs that lie minutes apart say how far a figure moves.
//
// Threads: pure function on values.
#pragma once

#include "bench/result/result_file.h"

namespace vexfs {

// Rounds of the same figure one after the other; of ratios the middle of the middles, and the
// smallest and largest of all. What not every run has stands there as far as it was measured. At
// least one run.
BenchRun joined(std::vector<BenchRun> runs);

} // namespace vexfs
