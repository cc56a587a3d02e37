// SPDX-License-Identifier: Apache-2.0
//
// FileDevice: a regular file or a block device.
//
// It holds the file locked for as long as it lives. flush() is fdatasync, which on a block device
// also empties the drive's own cache. After a failed flush the kernel no longer knows what was
// lost, so every later write and flush fails too, until the file is opened again.
//
// Threads: any, as Device says.
#pragma once

#include <atomic>
#include <memory>

#include "base/mutex.h"
#include "userlib/device/device.h"
#include "userlib/device/exclusive_file.h"
#include "userlib/device/io_queue.h"

namespace vexfs {

enum class FileEngine : uint8_t {
    kAuto,    // io_uring, or where it is forbidden the calls of kSync, with a warning in the log
    kIoUring, // EOPNOTSUPP where io_uring is forbidden
    kSync,    // pread and pwrite
};

struct FileOptions {
    bool read_only = false;
    bool direct = true; // O_DIRECT: the store has a cache of its own
    FileEngine engine = FileEngine::kAuto;
};

class FileDevice final : public Device {
  public:
    // Errors are those of open_exclusive(), with `explanation` for the user.
    static Result<std::unique_ptr<FileDevice>>
    open(const std::string& path, const FileOptions& options, std::string& explanation);

    ~FileDevice() override;

    Status read(std::span<Io> batch) override;
    // EROFS if it was opened for reading only.
    Status write(std::span<Io> batch) override;
    Status flush() override;
    [[nodiscard]] Geometry geometry() const override;
    [[nodiscard]] std::string identity() const override;
    Status register_memory(std::span<const MutableBytes> arenas) override {
        return queue_->register_memory(arenas);
    }

    // Looks at the size again, after the file or device has grown; EUCLEAN if it has become
    // smaller, and then the geometry stays as it was.
    Status refresh_size();

    [[nodiscard]] bool block_device() const { return file_.block_device; }
    [[nodiscard]] const char* engine() const { return queue_->name(); }
    // For probe_signature(); lent.
    [[nodiscard]] int descriptor() const { return file_.descriptor.raw(); }

  private:
    void retry_apart(std::span<Io> batch);
    FileDevice(std::string path, const FileOptions& options, ExclusiveFile file,
               std::unique_ptr<IoQueue> queue)
        : path_(std::move(path)), read_only_(options.read_only), file_(std::move(file)),
          queue_(std::move(queue)), size_bytes_(file_.size_bytes) {}

    const std::string path_;
    const bool read_only_;
    const ExclusiveFile file_;
    std::unique_ptr<IoQueue> queue_;
    std::atomic<uint64_t> size_bytes_;
    Mutex flush_mutex_;
    std::atomic<bool> flush_failed_{false};
};

} // namespace vexfs
