// SPDX-License-Identifier: Apache-2.0
//
// A failure as its reader needs it: what, where, what to do, and an exit status for scripts.
//
// Threads: values; printing writes to stderr.
#pragma once

#include <string>

#include "base/error.h"

namespace vexfs {

// The exit statuses of vexctl.
enum ExitStatus : int {
    kDone = 0,
    kFailed = 1,
    kWrongUsage = 2,
    kNotFound = 3,
    kNotPermitted = 4,
    kBusy = 5,
    kNoSpace = 6,
    kDamaged = 7,
    kPartial = 8, // done, but for what was listed as bad
    kUnavailable = 9,
    kTimedOut = 124,
    kInterrupted = 130,
};

struct Failure {
    Code code = Code::kEIO;
    std::string subject; // a path, or empty
    std::string sentence;
    std::string hint;
    bool usage = false; // the command line is at fault
};

ExitStatus exit_status_of(Code code);

// As text, or as one document of schema "vexctl.error/1"; `command` may be empty. Returns `status`.
int print_failure(const Failure& failure, const std::string& command, bool json, ExitStatus status);

} // namespace vexfs
