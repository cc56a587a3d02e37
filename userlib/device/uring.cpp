// SPDX-License-Identifier: Apache-2.0
#include "userlib/device/uring.h"

#include <algorithm>
#include <cerrno>

namespace vexfs {

namespace {

// Above this the kernel shortens an Io in any case; it is also the largest buffer it registers.
constexpr size_t kPieceBytesMax = size_t{1} << 30;
// A request that the kernel was too busy for is submitted again this often.
constexpr unsigned kRetries = 1000;

bool worth_retrying(int result) {
    return result == -EINTR || result == -EAGAIN;
}

} // namespace

Result<std::unique_ptr<Uring>> Uring::create(int descriptor) {
    std::unique_ptr<Uring> made(new Uring);
    made->again_.reserve(kUringDepth);
    // Completions are looked at only inside run(), so the kernel need not interrupt the thread for
    // them. A kernel before 5.19 does not know that wish.
    int result = ::io_uring_queue_init(kUringDepth, &made->ring_, IORING_SETUP_COOP_TASKRUN);
    if (result == -EINVAL)
        result = ::io_uring_queue_init(kUringDepth, &made->ring_, 0);
    if (result == -EPERM || result == -EACCES || result == -ENOSYS)
        return fail(Code::kEOPNOTSUPP, "file: io_uring is not allowed for this process");
    if (result < 0)
        return fail(code_from_errno(-result), "file: setting up io_uring");
    made->ready_ = true;
    result = ::io_uring_register_files(&made->ring_, &descriptor, 1);
    if (result < 0)
        return fail(code_from_errno(-result), "file: registering the file with io_uring");
    return made;
}

Uring::~Uring() {
    if (!ready_)
        return;
    // The kernel takes a ring apart in its own time; the file, and with it the claim on a block
    // device, is let go here.
    ::io_uring_unregister_files(&ring_);
    ::io_uring_queue_exit(&ring_);
}

Status Uring::register_memory(std::span<const MutableBytes> arenas) {
    if (!arenas_.empty())
        ::io_uring_unregister_buffers(&ring_);
    arenas_.clear();
    std::vector<iovec> pieces;
    for (const MutableBytes& arena : arenas)
        for (size_t at = 0; at < arena.size(); at += kPieceBytesMax)
            pieces.push_back({arena.data() + at, std::min(arena.size() - at, kPieceBytesMax)});
    if (pieces.empty())
        return ok();
    const int result =
        ::io_uring_register_buffers(&ring_, pieces.data(), static_cast<unsigned>(pieces.size()));
    if (result < 0)
        return fail(code_from_errno(-result), "file: registering memory with io_uring");
    arenas_ = std::move(pieces);
    return ok();
}

int Uring::arena_of(Bytes buffer) const {
    const auto first = reinterpret_cast<uintptr_t>(buffer.data());
    for (size_t i = 0; i < arenas_.size(); ++i) {
        const auto base = reinterpret_cast<uintptr_t>(arenas_[i].iov_base);
        if (first >= base && first - base <= arenas_[i].iov_len &&
            buffer.size() <= arenas_[i].iov_len - (first - base))
            return static_cast<int>(i);
    }
    return -1;
}

void Uring::prepare(IoQueue::Op op, const Io& io, size_t index) {
    io_uring_sqe* entry = ::io_uring_get_sqe(&ring_);
    VEXFS_ASSERT(entry != nullptr);
    const size_t done = progress_[index].done_bytes;
    const size_t size = std::min(io.buffer.size() - done, kPieceBytesMax);
    const MutableBytes piece = io.buffer.subspan(done, size);
    const auto length = static_cast<unsigned>(size);
    const uint64_t at = io.address_bytes() + done;
    const int arena = arena_of(piece);
    constexpr int kFile = 0; // the index of the registered file
    if (op == IoQueue::Op::kRead && arena >= 0)
        ::io_uring_prep_read_fixed(entry, kFile, piece.data(), length, at, arena);
    else if (op == IoQueue::Op::kRead)
        ::io_uring_prep_read(entry, kFile, piece.data(), length, at);
    else if (arena >= 0)
        ::io_uring_prep_write_fixed(entry, kFile, piece.data(), length, at, arena);
    else
        ::io_uring_prep_write(entry, kFile, piece.data(), length, at);
    entry->flags |= IOSQE_FIXED_FILE;
    ::io_uring_sqe_set_data64(entry, index);
    ++in_flight_;
}

void Uring::submit_more(IoQueue::Op op, std::span<Io> batch) {
    while (in_flight_ < kUringDepth && !again_.empty()) {
        const size_t index = again_.back();
        again_.pop_back();
        prepare(op, batch[index], index);
    }
    while (in_flight_ < kUringDepth && next_ < batch.size()) {
        prepare(op, batch[next_], next_);
        ++next_;
    }
}

void Uring::complete(IoQueue::Op op, Io& io, size_t index, int result) {
    --in_flight_;
    Progress& progress = progress_[index];
    if (worth_retrying(result) && progress.retries < kRetries) {
        ++progress.retries;
        again_.push_back(index);
        return;
    }
    if (result < 0) {
        io.status =
            fail(code_from_errno(-result), op == IoQueue::Op::kRead ? "file: read" : "file: write");
        return;
    }
    // Direct I/O goes on at a block border only, and a file that ends inside a block ends there.
    const size_t whole = static_cast<size_t>(result) / kBlockBytes * kBlockBytes;
    progress.done_bytes += whole;
    if (progress.done_bytes == io.buffer.size())
        io.status = ok();
    else if (whole == 0)
        io.status = fail(Code::kEIO, "file: it has become shorter");
    else
        again_.push_back(index);
}

void Uring::run(IoQueue::Op op, std::span<Io> batch) {
    progress_.assign(batch.size(), Progress{});
    again_.clear();
    next_ = 0;
    in_flight_ = 0;
    while (true) {
        submit_more(op, batch);
        if (in_flight_ == 0)
            return;
        // The buffers belong to the kernel until their completions are here: there is no way to
        // give up before.
        const int submitted = ::io_uring_submit_and_wait(&ring_, 1);
        VEXFS_ASSERT(submitted >= 0 || worth_retrying(submitted) || submitted == -EBUSY ||
                     submitted == -ENOMEM);
        io_uring_cqe* done = nullptr;
        while (::io_uring_peek_cqe(&ring_, &done) == 0) {
            const auto index = static_cast<size_t>(::io_uring_cqe_get_data64(done));
            const int result = done->res;
            ::io_uring_cqe_seen(&ring_, done);
            VEXFS_ASSERT(index < batch.size());
            complete(op, batch[index], index, result);
        }
    }
}

} // namespace vexfs
