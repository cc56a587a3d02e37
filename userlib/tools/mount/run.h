// SPDX-License-Identifier: Apache-2.0
//
// Starts vexfsd and waits for its word.
//
// Threads: one thread.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace vexfs {

struct DaemonRun {
    int status = -1;  // of vexfsd's exit; -1 if a signal ended it
    std::string said; // on stderr
};

// vexfsd beside this program, else in PATH; ENOENT.
Result<std::string> find_daemon();

// Returns when the command has ended: with status 0 its daemon serves.
Result<DaemonRun> run_daemon(const std::vector<std::string>& arguments);

} // namespace vexfs
