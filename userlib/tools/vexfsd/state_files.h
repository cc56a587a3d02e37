// SPDX-License-Identifier: Apache-2.0
//
// The files that say who serves what: gone when the engine ends in order.
//
// Threads: one thread.
#pragma once

#include <string>

#include "userlib/tools/vexfsd/options.h"

namespace vexfs {

class StateFiles {
  public:
    // Paths may be empty. Lent for as long as it lives. `module_fs`: the file system's number in
    // the kernel module, which a later vexfsd takes over by; 0 without.
    StateFiles(const VexfsdOptions& options, uint64_t module_fs)
        : options_(options), module_fs_(module_fs) {}
    ~StateFiles();
    StateFiles(const StateFiles&) = delete;
    StateFiles& operator=(const StateFiles&) = delete;

    // Replaces the files' contents in one step each; `state` is "serving" or "stopping".
    Status write(const char* state);

  private:
    const VexfsdOptions& options_;
    const uint64_t module_fs_;
};

} // namespace vexfs
