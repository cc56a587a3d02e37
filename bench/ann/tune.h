// SPDX-License-Identifier: Apache-2.0
//
// Finds the efforts of a contender that has efforts of its own, as an IVF index with its lists and
// its candidates: of all that were tried those stay that no other beats in recall and time.
//
// Threads: one thread.
#pragma once

#include <vector>

#include "bench/ann/sweep.h"

namespace vexfs {

struct Tried {
    Point point;
    uint64_t ns = 0; // of the whole pass, judging included
};

// What no other beats in both, in the order of recall and of time; the last one is the first to
// reach the recall.
std::vector<Point> frontier(std::vector<Tried> tried, double last_recall);

// Climbs ladder after ladder, and one beyond the first that reaches the last recall: more of one
// and less of the other can be faster.
Result<std::vector<Point>> tune(Contender& contender, const Judge& judge, const SweepPlan& plan);

} // namespace vexfs
