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
    std::string counters; // "cycles, instructions, cache misses", or why there are none
    std::string commit;   // of the tree this program was built from
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

// The same for good. EINVAL if this process may not run there.
Status pin_to(uint32_t processor);

// Those this process may run on, in order.
std::vector<uint32_t> allowed_processors();

// The last processor this process may run on.
uint32_t last_processor();

// Memory of this process, in bytes; 0 where /proc does not tell. Of what it shares with others PSS
// has its part.
uint64_t resident_bytes();
uint64_t pss_bytes();
// The most that was resident since forget_peak(), which is false where the kernel does not forget.
uint64_t peak_resident_bytes();
bool forget_peak();

} // namespace vexfs
