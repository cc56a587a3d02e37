// SPDX-License-Identifier: Apache-2.0
//
// The doorbell as a blocking ioctl: the shortest way for one request at a time.
#include <cerrno>

#include <sys/ioctl.h>

#include "ioctl/vexfs_queue.h"
#include "userlib/frontend/kmod/doorbell.h"

namespace vexfs {

namespace {

class IoctlDoorbell final : public Doorbell {
  public:
    IoctlDoorbell(int descriptor, uint16_t queue) : descriptor_(descriptor), queue_(queue) {}

    // There is no ioctl that commits alone. This one waits a nanosecond for what another thread
    // waits for in earnest; with luck there is something, and it does not wait at all.
    Status ring(uint64_t mask) override { return call(mask, 0, 1); }
    Status wait(uint64_t mask, uint32_t head) override { return call(mask, head, 0); }

  private:
    [[nodiscard]] Status call(uint64_t mask, uint32_t head, uint64_t timeout_ns) const {
        vexfs_wait wait{};
        wait.cmd = {mask, head, queue_, 0};
        wait.timeout_ns = timeout_ns;
        if (::ioctl(descriptor_, VEXFS_QUEUE_WAIT, &wait) == 0 || errno == ETIMEDOUT ||
            errno == EINTR)
            return ok();
        return fail(code_from_errno(errno), "queue: WAIT");
    }

    const int descriptor_;
    const uint16_t queue_;
};

} // namespace

std::unique_ptr<Doorbell> make_ioctl_doorbell(int descriptor, uint16_t queue) {
    return std::make_unique<IoctlDoorbell>(descriptor, queue);
}

} // namespace vexfs
