// SPDX-License-Identifier: Apache-2.0
//
// Adds the time that a block takes to a counter.
//
// Threads: one thread.
#pragma once

#include <cstdint>
#include <ctime>

namespace vexfs {

class Stopwatch {
  public:
    explicit Stopwatch(uint64_t& ns) : ns_(ns), start_(clock_ns()) {}
    ~Stopwatch() { ns_ += clock_ns() - start_; }
    Stopwatch(const Stopwatch&) = delete;
    Stopwatch& operator=(const Stopwatch&) = delete;

  private:
    static uint64_t clock_ns() {
        timespec time{};
        ::clock_gettime(CLOCK_MONOTONIC, &time);
        return static_cast<uint64_t>(time.tv_sec) * 1'000'000'000 +
               static_cast<uint64_t>(time.tv_nsec);
    }

    uint64_t& ns_;
    const uint64_t start_;
};

} // namespace vexfs
