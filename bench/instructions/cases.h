// SPDX-License-Identifier: Apache-2.0
//
// Small pieces of work that are the same in every run: fixed seeds, one thread, no clock. What
// comes out of them is checked, so that none counts work that was not done.
//
// Threads: one thread.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "base/result.h"

namespace vexfs {

// The work itself. What it needs is made before and lives in it.
using CountedWork = std::function<Status()>;

struct CountedCase {
    const char* name;
    const char* about; // how much of what
    Result<CountedWork> (*prepare)();
};

std::span<const CountedCase> index_cases();
std::span<const CountedCase> store_cases();
std::span<const CountedCase> filter_cases();

// All of them, in an order that does not change.
std::vector<CountedCase> all_cases();

// Prepares each case and does its work, in vexfs_counted(). Once in a process.
Status run_all_cases();

// Does the work. The only function of this name: valgrind counts what happens inside.
extern "C" void vexfs_counted(const CountedWork& work, Status& done);

} // namespace vexfs
