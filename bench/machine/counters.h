// SPDX-License-Identifier: Apache-2.0
//
// What the kernel and the processor count while a stretch of code runs: context switches
// everywhere, cycles, instructions and cache misses where perf events are to be had. Virtual
// machines and containers often have none.
//
// Threads: one thread, whose own counts these are.
#pragma once

#include <cstdint>
#include <string>

#include "userlib/device/file_descriptor.h"

namespace vexfs {

struct Counts {
    uint64_t context_switches = 0;
    bool has_events = false; // of what follows, in user mode
    uint64_t cycles = 0;
    uint64_t instructions = 0;
    uint64_t cache_misses = 0; // of the last level, as the processor defines it
};

class Counters {
  public:
    // Opened for the calling thread.
    Counters();

    void start();
    // Since start().
    [[nodiscard]] Counts stop();
    // Why there are no events; empty if there are.
    [[nodiscard]] const std::string& missing() const { return missing_; }

  private:
    FileDescriptor cycles_; // leads the others
    FileDescriptor instructions_;
    FileDescriptor cache_misses_;
    std::string missing_;
    uint64_t switches_before_ = 0;
};

} // namespace vexfs
