// SPDX-License-Identifier: Apache-2.0
//
// Threads that take what the processors have left.
//
// Threads: any.
#pragma once

#include <unistd.h>

namespace vexfs {

// From here on this thread has a third of the weight of one like it that is not nice. For Linux
// that is a matter of the thread; that it cannot be had is no harm.
inline void be_nice() {
    [[maybe_unused]] const int nice = ::nice(5);
}

} // namespace vexfs
