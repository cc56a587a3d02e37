// SPDX-License-Identifier: Apache-2.0
//
// Runs one case in a process and a directory of its own and tells how it ended.
//
// Threads: one thread.
#pragma once

#include <string>

#include "vm-tests/cases/posix/case.h"

namespace vexfs {

enum class Outcome { kPassed, kFailed, kSkipped };

struct CaseResult {
    Outcome outcome = Outcome::kFailed;
    std::string message; // why not passed
    double seconds = 0;
};

// `directory` is made for the case and removed with everything in it. A case that takes longer than
// `seconds_max` is killed and has failed.
CaseResult run_case(const Case& what, const std::string& directory, unsigned seconds_max);

} // namespace vexfs
