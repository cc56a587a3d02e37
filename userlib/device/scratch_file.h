// SPDX-License-Identifier: Apache-2.0
//
// Files, directories and loop devices that last as long as a test.
//
// Loop devices need root and a kernel with the driver. A test that gets none says so and checks
// nothing.
//
// Threads: one thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>

#include <fcntl.h>
#include <linux/loop.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/assert.h"
#include "userlib/device/file_descriptor.h"

namespace vexfs {

class ScratchFile {
  public:
    explicit ScratchFile(uint64_t size_bytes)
        : path_(std::filesystem::temp_directory_path() / "vexfs-test-XXXXXX"),
          file_(::mkstemp(path_.data())) {
        VEXFS_ASSERT(file_.is_open());
        VEXFS_ASSERT(::ftruncate(file_.raw(), static_cast<off_t>(size_bytes)) == 0);
    }
    ~ScratchFile() { ::unlink(path_.c_str()); }
    ScratchFile(const ScratchFile&) = delete;
    ScratchFile& operator=(const ScratchFile&) = delete;

    [[nodiscard]] const std::string& path() const { return path_; }
    [[nodiscard]] int descriptor() const { return file_.raw(); }

  private:
    std::string path_;
    FileDescriptor file_;
};

class ScratchDirectory {
  public:
    ScratchDirectory() : path_(std::filesystem::temp_directory_path() / "vexfs-test-XXXXXX") {
        VEXFS_ASSERT(::mkdtemp(path_.data()) != nullptr);
    }
    ~ScratchDirectory() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    ScratchDirectory(const ScratchDirectory&) = delete;
    ScratchDirectory& operator=(const ScratchDirectory&) = delete;

    [[nodiscard]] const std::string& path() const { return path_; }

  private:
    std::string path_;
};

// A loop device over a file, detached at the end.
class LoopDevice {
  public:
    static std::optional<LoopDevice> attach(const ScratchFile& file) {
        const FileDescriptor control(::open("/dev/loop-control", O_RDWR | O_CLOEXEC));
        if (!control.is_open())
            return std::nullopt;
        // Another process may take the free one first.
        for (int attempt = 0; attempt < 16; ++attempt) {
            const int number = ::ioctl(control.raw(), LOOP_CTL_GET_FREE);
            if (number < 0)
                return std::nullopt;
            std::string path = "/dev/loop" + std::to_string(number);
            FileDescriptor device(::open(path.c_str(), O_RDWR | O_CLOEXEC));
            loop_config config{};
            config.fd = static_cast<uint32_t>(file.descriptor());
            config.info.lo_flags = LO_FLAGS_AUTOCLEAR;
            if (device.is_open() && ::ioctl(device.raw(), LOOP_CONFIGURE, &config) == 0)
                return LoopDevice(std::move(path), std::move(device));
        }
        return std::nullopt;
    }

    [[nodiscard]] const std::string& path() const { return path_; }
    // After the file below it has grown.
    [[nodiscard]] bool adopt_size() const {
        return ::ioctl(device_.raw(), LOOP_SET_CAPACITY, 0) == 0;
    }

  private:
    LoopDevice(std::string path, FileDescriptor device)
        : path_(std::move(path)), device_(std::move(device)) {}

    std::string path_;
    FileDescriptor device_; // the kernel detaches the loop device when the last one closes
};

} // namespace vexfs
