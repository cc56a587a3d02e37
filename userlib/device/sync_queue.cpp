// SPDX-License-Identifier: Apache-2.0
//
// The queue for where io_uring is forbidden: pread and pwrite, one Io after the other.
//
// Threads: any; no state.
#include <algorithm>
#include <cerrno>

#include <unistd.h>

#include "userlib/device/io_queue.h"

namespace vexfs {

namespace {

// Above this the kernel shortens a call in any case.
constexpr size_t kCallBytesMax = size_t{1} << 30;

class SyncQueue final : public IoQueue {
  public:
    explicit SyncQueue(int descriptor) : descriptor_(descriptor) {}

    void run(Op op, std::span<Io> batch) override {
        for (Io& io : batch)
            io.status = run_one(op, io);
    }
    Status register_memory(std::span<const MutableBytes>) override { return ok(); }
    [[nodiscard]] const char* name() const override { return "sync"; }

  private:
    Status run_one(Op op, const Io& io) const {
        for (size_t done = 0; done < io.buffer.size();) {
            const MutableBytes rest = io.buffer.subspan(done);
            const size_t size = std::min(rest.size(), kCallBytesMax);
            const auto at = static_cast<off_t>(io.address_bytes() + done);
            const ssize_t moved = op == Op::kRead ? ::pread(descriptor_, rest.data(), size, at)
                                                  : ::pwrite(descriptor_, rest.data(), size, at);
            if (moved < 0 && errno == EINTR)
                continue;
            if (moved < 0)
                return fail(code_from_errno(errno), op == Op::kRead ? "file: read" : "file: write");
            // Direct I/O goes on at a block border only, and a file that ends inside a block ends
            // there.
            const size_t whole = static_cast<size_t>(moved) / kBlockBytes * kBlockBytes;
            if (whole == 0)
                return fail(Code::kEIO, op == Op::kRead ? "file: it has become shorter"
                                                        : "file: a write was cut short");
            done += whole;
        }
        return ok();
    }

    const int descriptor_;
};

} // namespace

std::unique_ptr<IoQueue> make_sync_queue(int descriptor) {
    return std::make_unique<SyncQueue>(descriptor);
}

} // namespace vexfs
