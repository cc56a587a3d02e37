// SPDX-License-Identifier: Apache-2.0
//
// How far a long work has come: a line on a terminal, nothing elsewhere.
//
// Threads: one thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace vexfs {

class Progress {
  public:
    explicit Progress(std::string what);
    ~Progress();
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;

    // `done` of `all` bytes, 0: not known; `rows` so far. Shown now and then.
    void show(uint64_t done, uint64_t all, uint64_t rows);
    [[nodiscard]] double seconds() const;

  private:
    using Clock = std::chrono::steady_clock;

    const std::string what_;
    const bool shown_;
    const Clock::time_point start_ = Clock::now();
    Clock::time_point next_ = start_ + std::chrono::milliseconds(500);
    bool line_ = false; // one is on the screen
};

} // namespace vexfs
