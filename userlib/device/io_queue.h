// SPDX-License-Identifier: Apache-2.0
//
// IoQueue: how a FileDevice gets a checked batch to the kernel and back. One interface, two ways.
//
// io_uring carries many Ios at once and needs the kernel's leave; pread and pwrite carry one at a
// time and always work. Both go on after a short read or write and after a signal.
//
// Threads: any thread.
#pragma once

#include <memory>
#include <span>

#include "userlib/device/device.h"

namespace vexfs {

class IoQueue {
  public:
    enum class Op : uint8_t { kRead, kWrite };

    virtual ~IoQueue() = default;

    // Does the batch and sets the status of each Io.
    virtual void run(Op op, std::span<Io> batch) = 0;
    virtual Status register_memory(std::span<const MutableBytes> arenas) = 0;
    [[nodiscard]] virtual const char* name() const = 0;
};

// The descriptor outlives the queue. EOPNOTSUPP if this process may not use io_uring.
Result<std::unique_ptr<IoQueue>> make_uring_queue(int descriptor);
std::unique_ptr<IoQueue> make_sync_queue(int descriptor);

} // namespace vexfs
