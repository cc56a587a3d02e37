// SPDX-License-Identifier: Apache-2.0
//
// Threads that take what the processors have left.
//
// Threads: any.
#pragma once

#include <sys/resource.h>

namespace vexfs {

// From here on this thread has a third of the weight of one that is not nice. For Linux a priority
// is that of the thread; that it cannot be had is no harm.
inline void be_nice() {
    (void)::setpriority(PRIO_PROCESS, 0, 5);
}

} // namespace vexfs
