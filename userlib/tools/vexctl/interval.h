// SPDX-License-Identifier: Apache-2.0
//
// `vexctl stat INTERVAL`: what a volume does, a line every so many seconds.
//
// Threads: one thread.
#pragma once

#include <optional>

#include "userlib/tools/vexctl/command.h"
#include "userlib/tools/vexctl/failure.h"

namespace vexfs {

struct Interval {
    std::string path;
    double seconds = 0;
    uint64_t count = 0; // lines; 0: no end
};

// What the operands `[PATH] [INTERVAL [COUNT]]` say; nothing if there is no interval.
std::optional<Interval> interval_of(const Invocation& invocation);

// The first line is the average since the engine started.
Result<int> watch(const Interval& interval, const Invocation& invocation, Failure& failure);

} // namespace vexfs
