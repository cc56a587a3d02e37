// SPDX-License-Identifier: Apache-2.0
//
// What threads do to a mount at the same time, and what they must not meet.
//
// Threads: a storm is of one thread; a Verdict is for all.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <string>

#include "base/mutex.h"
#include "base/random.h"

namespace vexfs {

// The first thing that went wrong ends all storms.
class Verdict {
  public:
    void fail(const std::string& what) VEXFS_EXCLUDES(mutex_);
    // The call may fail, with one of the errors that follow from what other threads do.
    void expect(const char* call, bool done, std::initializer_list<int> errors);

    // Ends all storms when the time has passed, if nothing has before.
    void end_after(std::chrono::seconds time) VEXFS_EXCLUDES(mutex_);
    [[nodiscard]] bool is_over() const { return over_; }
    [[nodiscard]] std::string what() const VEXFS_EXCLUDES(mutex_);

  private:
    std::atomic<bool> over_ = false;
    mutable Mutex mutex_;
    CondVar ended_;
    std::string what_ VEXFS_GUARDED_BY(mutex_);
};

// Until the verdict is over. Returns how many calls were made.
uint64_t storm_files(const std::string& directory, uint64_t seed, Verdict& verdict);
uint64_t storm_rows(const std::string& collection, uint64_t seed, Verdict& verdict);

// With all storms at rest: an exact search by the vector of each file finds it.
void check_rows(const std::string& collection, Verdict& verdict);

} // namespace vexfs
