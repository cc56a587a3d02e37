// SPDX-License-Identifier: Apache-2.0
//
// Runs a part of a measurement in a process of its own, which ends well or is killed.
//
// What a process leaves behind when it is killed cannot be measured from inside it, and a store
// that is opened in a fresh process finds nothing prepared. The caller has no other thread: one
// that held a lock at the fork would hold it in the child for ever.
//
// Threads: one thread.
#pragma once

#include <functional>

#include "bench/store/key_value_store.h"

namespace vexfs {

// What a child has to say.
struct ChildReport {
    double seconds = 0;
    uint64_t puts = 0;
    OwnCounts counts;
};

enum class ChildEnd { kItself, kKilled };

// The child calls `tell` once. kItself: its report, after it has ended. kKilled: its report, after
// it was killed as soon as the report was here. A child that fails says why on stderr, and the
// result is EIO.
Result<ChildReport>
run_child(ChildEnd end,
          const std::function<Status(const std::function<void(const ChildReport&)>& tell)>& body);

} // namespace vexfs
