// SPDX-License-Identifier: Apache-2.0
//
// The doorbell as commands on io_uring: FETCH on one ring, for the thread that waits, and COMMIT on
// another, for those that have an answer meanwhile.
//
// A command is complete when its call returns, so a ring has one entry and nothing in flight in
// between.
#include <cstddef>
#include <cstring>

#include <liburing.h>

#include "base/mutex.h"
#include "ioctl/vexfs_queue.h"
#include "userlib/frontend/kmod/doorbell.h"

namespace vexfs {

namespace {

// Threads: one at a time.
class CommandRing {
  public:
    CommandRing() = default;
    ~CommandRing() {
        if (ready_)
            ::io_uring_queue_exit(&ring_);
    }
    CommandRing(const CommandRing&) = delete;
    CommandRing& operator=(const CommandRing&) = delete;

    Status start() {
        // The thread that is told of a completion is the one that waits for it in the kernel.
        int result = ::io_uring_queue_init(1, &ring_, IORING_SETUP_COOP_TASKRUN);
        if (result == -EPERM || result == -EACCES || result == -ENOSYS || result == -EINVAL)
            return fail(Code::kEOPNOTSUPP, "queue: io_uring is not allowed for this process");
        if (result < 0)
            return fail(code_from_errno(-result), "queue: setting up io_uring");
        ready_ = true;
        return ok();
    }

    Status run(int descriptor, uint32_t operation, const vexfs_cmd& command) {
        io_uring_sqe* const entry = ::io_uring_get_sqe(&ring_);
        VEXFS_ASSERT(entry != nullptr);
        ::io_uring_prep_rw(IORING_OP_URING_CMD, entry, descriptor, nullptr, 0, 0);
        entry->cmd_op = operation;
        static_assert(sizeof command == sizeof *entry - offsetof(io_uring_sqe, addr3));
        std::memcpy(reinterpret_cast<std::byte*>(entry) + offsetof(io_uring_sqe, addr3), &command,
                    sizeof command);
        io_uring_cqe* done = nullptr;
        for (;;) {
            const int result = ::io_uring_submit_and_wait(&ring_, 1);
            if (result < 0 && result != -EINTR && result != -EAGAIN)
                return fail(code_from_errno(-result), "queue: io_uring");
            if (::io_uring_peek_cqe(&ring_, &done) == 0)
                break;
        }
        const int result = done->res;
        ::io_uring_cqe_seen(&ring_, done);
        return result >= 0 ? ok()
                           : Status(fail(code_from_errno(-result), "queue: FETCH or COMMIT"));
    }

  private:
    io_uring ring_{};
    bool ready_ = false;
};

class UringDoorbell final : public Doorbell {
  public:
    UringDoorbell(int descriptor, uint16_t queue) : descriptor_(descriptor), queue_(queue) {}

    Status start() {
        MutexLock lock(mutex_);
        VEXFS_TRY_VOID(commits_.start());
        return fetches_.start();
    }
    Status ring(uint64_t mask) override {
        MutexLock lock(mutex_);
        return commits_.run(descriptor_, VEXFS_QUEUE_COMMIT, {mask, 0, queue_, 0});
    }
    Status wait(uint64_t mask, uint32_t head) override {
        return fetches_.run(descriptor_, VEXFS_QUEUE_FETCH, {mask, head, queue_, 0});
    }

  private:
    const int descriptor_;
    const uint16_t queue_;
    CommandRing fetches_;
    Mutex mutex_;
    CommandRing commits_ VEXFS_GUARDED_BY(mutex_);
};

} // namespace

Result<std::unique_ptr<Doorbell>> make_uring_doorbell(int descriptor, uint16_t queue) {
    auto made = std::make_unique<UringDoorbell>(descriptor, queue);
    VEXFS_TRY_VOID(made->start());
    return std::unique_ptr<Doorbell>(std::move(made));
}

} // namespace vexfs
