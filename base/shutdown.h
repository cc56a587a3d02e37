// SPDX-License-Identifier: Apache-2.0
//
// A shutdown flag that a signal handler may set.
//
// request() is async-signal-safe: a store and a write(2) to an eventfd. Loops poll requested();
// threads that sleep in poll(2) or io_uring add descriptor() to what they wait for, which becomes
// and stays readable. A program owns one Shutdown and installs it for SIGINT and SIGTERM; a second
// signal while the first is served ends the process.
//
// Threads: any thread and any signal handler, once constructed.
#pragma once

#include <atomic>
#include <initializer_list>
#include <memory>

#include "base/result.h"

namespace vexfs {

class Shutdown {
  public:
    static Result<std::unique_ptr<Shutdown>> create();
    ~Shutdown();
    Shutdown(const Shutdown&) = delete;
    Shutdown& operator=(const Shutdown&) = delete;

    // Makes the signals set this flag until it is destroyed. One Shutdown of a process may be
    // installed at a time, else EBUSY. The old dispositions come back with the destructor, and
    // after the first signal that arrives.
    Status install(std::initializer_list<int> signals);

    void request() noexcept;
    [[nodiscard]] bool requested() const noexcept {
        return requested_.load(std::memory_order_acquire);
    }
    // Readable once shutdown is requested; owned by this object.
    [[nodiscard]] int descriptor() const noexcept { return descriptor_; }
    // Blocks until shutdown is requested.
    void wait() const;

  private:
    explicit Shutdown(int descriptor) : descriptor_(descriptor) {}

    const int descriptor_;
    std::atomic<bool> requested_{false};
    bool installed_ = false;
};

} // namespace vexfs
