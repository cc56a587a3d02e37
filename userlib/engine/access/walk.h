// SPDX-License-Identifier: Apache-2.0
//
// Which directories a caller may walk to from one directory down: read and execute on each of them,
// that one and the last included.
//
// Every directory is judged once, so an answer is one of the time since the walk was made.
//
// Threads: one thread.
#pragma once

#include "userlib/engine/access/directories.h"

namespace vexfs {

class Walk {
  public:
    // Both outlive it.
    Walk(Directories& directories, const Caller& caller, uint64_t top)
        : directories_(directories), caller_(caller), top_(top) {}

    // False as well for a directory that is not below the top, or is gone.
    Result<bool> reaches(uint64_t directory);

  private:
    Directories& directories_;
    const Caller& caller_;
    const uint64_t top_;
    std::unordered_map<uint64_t, bool> judged_;
};

} // namespace vexfs
