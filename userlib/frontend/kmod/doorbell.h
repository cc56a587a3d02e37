// SPDX-License-Identifier: Apache-2.0
//
// How a queue's two sides wake each other: the only thing in the protocol that is not memory.
//
// Threads: ring() any thread; wait() one at a time.
#pragma once

#include <memory>

#include "base/result.h"

namespace vexfs {

class Doorbell {
  public:
    virtual ~Doorbell() = default;

    // Wakes the clients of the slots in the mask.
    virtual Status ring(uint64_t mask) = 0;
    // Does so, and returns when the module may have queued more than `head` requests.
    // ENODEV: the channel has ended.
    virtual Status wait(uint64_t mask, uint32_t head) = 0;
};

// With the ioctl WAIT. The descriptor is /dev/vexfs, attached; it outlives the doorbell.
std::unique_ptr<Doorbell> make_ioctl_doorbell(int descriptor, uint16_t queue);
// With io_uring. EOPNOTSUPP if that is forbidden or absent. The channel has ended before it goes:
// a kernel before 6.7 does not take back a command that waits.
Result<std::unique_ptr<Doorbell>> make_uring_doorbell(int descriptor, uint16_t queue);

} // namespace vexfs
