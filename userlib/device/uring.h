// SPDX-License-Identifier: Apache-2.0
//
// Uring: one io_uring that does one batch at a time.
//
// The file and the long-lived buffers are registered, so that the kernel looks them up once. A
// batch of any length passes through a window of kUringDepth Ios. Nothing is in flight between
// calls.
//
// Threads: one thread at a time.
#pragma once

#include <memory>
#include <vector>

#include <liburing.h>

#include "userlib/device/io_queue.h"

namespace vexfs {

inline constexpr unsigned kUringDepth = 64;

class Uring {
  public:
    // EOPNOTSUPP if io_uring is forbidden or absent.
    static Result<std::unique_ptr<Uring>> create(int descriptor);
    ~Uring();
    Uring(const Uring&) = delete;
    Uring& operator=(const Uring&) = delete;

    void run(IoQueue::Op op, std::span<Io> batch);

    // Replaces what was registered before; ENOMEM if the limit of locked memory is too low, and
    // then no buffer is registered. The arenas outlive the ring.
    Status register_memory(std::span<const MutableBytes> arenas);

  private:
    Uring() = default;

    void submit_more(IoQueue::Op op, std::span<Io> batch);
    void prepare(IoQueue::Op op, const Io& io, size_t index);
    void complete(IoQueue::Op op, Io& io, size_t index, int result);
    [[nodiscard]] int arena_of(Bytes buffer) const;

    io_uring ring_{};
    bool ready_ = false;
    std::vector<iovec> arenas_;

    // Of the batch under way.
    struct Progress {
        size_t done_bytes = 0;
        unsigned retries = 0;
    };
    std::vector<Progress> progress_;
    // Ios to submit another time; never grows, since nothing may end run() early while the kernel
    // has buffers of the batch.
    std::vector<size_t> again_;
    size_t next_ = 0; // the first Io never submitted
    size_t in_flight_ = 0;
};

} // namespace vexfs
