// SPDX-License-Identifier: Apache-2.0
#include "userlib/device/file_device.h"

#include <cerrno>
#include <vector>

#include <sys/file.h>
#include <unistd.h>

#include "base/log.h"

namespace vexfs {

namespace {

Result<std::unique_ptr<IoQueue>> make_queue(FileEngine engine, int descriptor) {
    if (engine == FileEngine::kSync)
        return make_sync_queue(descriptor);
    auto queue = make_uring_queue(descriptor);
    if (queue || engine == FileEngine::kIoUring)
        return queue;
    log(LogLevel::kWarning, "file", "no io_uring: I/O goes one at a time, which is slower",
        {{"error", queue.error()}});
    return make_sync_queue(descriptor);
}

// Ios that follow each other on the device and in memory, as one each: a call into the kernel costs
// about as much as the transfer of a few blocks.
std::vector<Io> joined(std::span<const Io> batch) {
    std::vector<Io> runs;
    for (const Io& io : batch) {
        Io* last = runs.empty() ? nullptr : &runs.back();
        if (last != nullptr && last->address_bytes() + last->buffer.size() == io.address_bytes() &&
            last->buffer.data() + last->buffer.size() == io.buffer.data())
            last->buffer = {last->buffer.data(), last->buffer.size() + io.buffer.size()};
        else
            runs.push_back(io);
    }
    return runs;
}

// The status of each run is that of all its parts.
void spread_statuses(std::span<const Io> runs, std::span<Io> batch) {
    size_t part = 0;
    for (const Io& run : runs)
        for (size_t bytes = run.buffer.size(); bytes > 0; ++part) {
            batch[part].status = run.status;
            bytes -= batch[part].buffer.size();
        }
}

} // namespace

Result<std::unique_ptr<FileDevice>>
FileDevice::open(const std::string& path, const FileOptions& options, std::string& explanation) {
    ExclusiveFile file =
        VEXFS_TRY(open_exclusive(path, options.read_only, options.direct, explanation));
    auto queue = make_queue(options.engine, file.descriptor.raw());
    if (!queue) {
        explanation = path +
                      ": io_uring is not available to this process: look at the sysctl "
                      "kernel.io_uring_disabled and at the seccomp profile of the container, "
                      "or choose engine sync";
        return queue.error();
    }
    return std::unique_ptr<FileDevice>(
        new FileDevice(path, options, std::move(file), std::move(queue).value()));
}

FileDevice::~FileDevice() {
    queue_.reset();
    // No I/O is in flight, and a ring that is being taken apart must not hold the lock any longer.
    ::flock(file_.descriptor.raw(), LOCK_UN);
}

Status FileDevice::read(std::span<Io> batch) {
    VEXFS_TRY_VOID(check_batch(batch, size_bytes_));
    if (batch.size() == 1) {
        queue_->run(IoQueue::Op::kRead, batch);
        return batch[0].status;
    }
    std::vector<Io> runs = joined(batch);
    queue_->run(IoQueue::Op::kRead, runs);
    spread_statuses(runs, batch);
    if (runs.size() < batch.size() && !batch_status(batch))
        retry_apart(batch);
    return batch_status(batch);
}

// What failed, each for itself: one bad block is not to cost its neighbours.
void FileDevice::retry_apart(std::span<Io> batch) {
    std::vector<size_t> failed;
    std::vector<Io> again;
    for (size_t i = 0; i < batch.size(); ++i)
        if (!batch[i].status) {
            failed.push_back(i);
            again.push_back(batch[i]);
        }
    queue_->run(IoQueue::Op::kRead, again);
    for (size_t i = 0; i < failed.size(); ++i)
        batch[failed[i]].status = again[i].status;
}

Status FileDevice::write(std::span<Io> batch) {
    VEXFS_TRY_VOID(check_batch(batch, size_bytes_));
    if (read_only_ || flush_failed_) {
        const Error refusal = read_only_ ? fail(Code::kEROFS, "file: it is open for reading only")
                                         : fail(Code::kEIO, "file: an earlier flush failed");
        for (Io& io : batch)
            io.status = refusal;
        return refusal;
    }
    std::vector<Io> runs = joined(batch);
    queue_->run(IoQueue::Op::kWrite, runs);
    spread_statuses(runs, batch);
    return batch_status(batch);
}

Status FileDevice::flush() {
    if (read_only_)
        return ok();
    // One at a time: of two that overlap, the kernel tells only one that writes were lost.
    MutexLock lock(flush_mutex_);
    if (flush_failed_)
        return fail(Code::kEIO, "file: an earlier flush failed");
    int result = 0;
    do
        result = ::fdatasync(file_.descriptor.raw());
    while (result != 0 && errno == EINTR);
    if (result == 0)
        return ok();
    flush_failed_ = true;
    return fail(code_from_errno(errno), "file: flush");
}

Geometry FileDevice::geometry() const {
    return {size_bytes_, file_.sector_bytes, file_.optimal_bytes};
}

std::string FileDevice::identity() const {
    return (file_.block_device ? "block:" : "file:") + path_;
}

Status FileDevice::refresh_size() {
    const uint64_t measured = VEXFS_TRY(size_of(file_.descriptor.raw(), file_.block_device));
    uint64_t known = size_bytes_;
    if (measured < known)
        return fail(Code::kEUCLEAN, "file: it has become shorter");
    while (known < measured && !size_bytes_.compare_exchange_weak(known, measured)) {
    }
    return ok();
}

} // namespace vexfs
