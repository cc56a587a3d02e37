// SPDX-License-Identifier: Apache-2.0
//
// What a figure must carry to mean something: the machine, the commit, the command; and the pinning
// of a measurement.
//
// Threads: one thread.
#pragma once

#include <cstdint>
#include <sched.h>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"

namespace vexfs {

struct Machine {
    std::string processor;
    uint32_t processors = 0;
    std::string caches; // "L1d 48K, L2 2048K, L3 36608K"
    uint64_t memory_bytes = 0;
    std::string kernel;
    std::string compiler;
    std::string commit; // of the tree this program was built from
};

Machine this_machine();

// The arguments as a shell would take them.
std::string command_line(std::span<const char* const> arguments);

// Keeps the calling thread on one processor while it lives.
// Threads: made and destroyed by the thread it pins.
class Pinned {
  public:
    // EINVAL if this process may not run there.
    static Result<Pinned> to(uint32_t processor);
    ~Pinned();
    Pinned(Pinned&& other) noexcept;
    Pinned& operator=(Pinned&&) = delete;

  private:
    explicit Pinned(const cpu_set_t& before) : before_(before) {}

    cpu_set_t before_;
    bool owns_ = true;
};

// The last processor this process may run on.
uint32_t last_processor();

// Resident memory of this process, in bytes; 0 where /proc does not tell.
uint64_t resident_bytes();

} // namespace vexfs
