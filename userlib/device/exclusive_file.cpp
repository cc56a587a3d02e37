// SPDX-License-Identifier: Apache-2.0
#include "userlib/device/exclusive_file.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <optional>
#include <thread>

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "base/log.h"
#include "userlib/device/aligned_buffer.h"
#include "userlib/device/device.h"
#include "userlib/device/holder.h"

namespace vexfs {

namespace {

constexpr uint32_t kOptimalBytes = 128 * 1024;
// How long to wait for the last writes of a process that is gone; some hundred MiB may be in
// flight.
constexpr std::chrono::milliseconds kOrphanWait{2000};
constexpr std::chrono::milliseconds kOrphanPoll{5};

Error system_failure(const std::string& path, const char* what, int error,
                     std::string& explanation) {
    explanation = path + ": " + ::strerrordesc_np(error);
    return fail(code_from_errno(error), what);
}

Status check_kind(const std::string& path, const struct stat& found, std::string& explanation) {
    if (S_ISREG(found.st_mode) || S_ISBLK(found.st_mode))
        return ok();
    explanation = path + " is neither a regular file nor a block device";
    return fail(Code::kEINVAL, "file: kind");
}

Result<FileDescriptor> open_raw(const std::string& path, int flags, bool& direct) {
    int raw = ::open(path.c_str(), flags | (direct ? O_DIRECT : 0));
    if (raw < 0 && errno == EINVAL && direct) {
        direct = false;
        raw = ::open(path.c_str(), flags);
        if (raw >= 0)
            log(LogLevel::kWarning, "file", "no direct I/O here, using the page cache",
                {{"path", path}});
    }
    if (raw < 0)
        return fail(code_from_errno(errno), "file: open and lock");
    return FileDescriptor(raw);
}

Error busy(const std::string& path, const std::string& by, std::string& explanation) {
    explanation = path + " is in use: " + by;
    return fail(Code::kEBUSY, "file: in use");
}

// A process that holds a flock on the path, as a sentence.
std::optional<std::string> locked_by(const std::string& path) {
    const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
    const auto holders = lock_holders(file.raw());
    if (holders.empty())
        return std::nullopt;
    return describe(holders.front());
}

// Opens the file and takes the lock. While it is busy and nobody alive is seen to hold it, a
// process has ended whose I/O is still in flight.
Status open_and_lock(const std::string& path, int flags, bool read_only, ExclusiveFile& file,
                     std::string& explanation) {
    const auto give_up = std::chrono::steady_clock::now() + kOrphanWait;
    while (true) {
        auto opened = open_raw(path, flags, file.direct);
        if (opened && ::flock(opened->raw(), (read_only ? LOCK_SH : LOCK_EX) | LOCK_NB) == 0) {
            file.descriptor = std::move(opened).value();
            return ok();
        }
        const int error = opened ? errno : opened.error().errno_value();
        if (error == EINTR)
            continue;
        if (error != (opened ? EWOULDBLOCK : EBUSY))
            return system_failure(path, "file: open and lock", error, explanation);
        if (const auto holder = locked_by(path))
            return busy(path, *holder, explanation);
        struct stat found {};
        if (::stat(path.c_str(), &found) == 0 && S_ISBLK(found.st_mode))
            if (const auto point = mount_point(found.st_rdev))
                return busy(path, "it is mounted on " + *point, explanation);
        if (std::chrono::steady_clock::now() > give_up)
            return busy(path, "by the system, or by I/O of a process that has ended", explanation);
        std::this_thread::sleep_for(kOrphanPoll);
    }
}

// Only a read tells what alignment a file system wants; whether the block can be read does not
// matter here.
Status try_direct(int descriptor) {
    AlignedBuffer block = VEXFS_TRY(AlignedBuffer::create(kBlockBytes));
    if (::pread(descriptor, block.bytes().data(), kBlockBytes, 0) < 0 && errno == EINVAL)
        return fail(Code::kEOPNOTSUPP, "file: direct I/O of 4 KiB blocks is refused");
    return ok();
}

Status measure(ExclusiveFile& file) {
    const int descriptor = file.descriptor.raw();
    file.sector_bytes = kSectorBytes;
    file.optimal_bytes = kOptimalBytes;
    if (file.block_device) {
        int logical = 0;
        unsigned physical = 0;
        unsigned optimal = 0;
        if (::ioctl(descriptor, BLKSSZGET, &logical) != 0 ||
            ::ioctl(descriptor, BLKPBSZGET, &physical) != 0 ||
            ::ioctl(descriptor, BLKIOOPT, &optimal) != 0)
            return fail(code_from_errno(errno), "file: geometry of the block device");
        if (logical > static_cast<int>(kBlockBytes))
            return fail(Code::kEOPNOTSUPP, "file: sectors larger than 4 KiB");
        file.sector_bytes = std::clamp<uint32_t>(physical, kSectorBytes, kBlockBytes);
        file.optimal_bytes = std::max(optimal, kOptimalBytes);
    }
    file.size_bytes = VEXFS_TRY(size_of(descriptor, file.block_device));
    if (file.size_bytes == 0)
        return fail(Code::kEINVAL, "file: it is smaller than one block");
    return file.direct ? try_direct(descriptor) : ok();
}

} // namespace

Result<uint64_t> size_of(int descriptor, bool block_device) {
    uint64_t bytes = 0;
    if (block_device) {
        if (::ioctl(descriptor, BLKGETSIZE64, &bytes) != 0)
            return fail(code_from_errno(errno), "file: size of the block device");
    } else {
        struct stat found {};
        if (::fstat(descriptor, &found) != 0)
            return fail(code_from_errno(errno), "file: size");
        bytes = static_cast<uint64_t>(found.st_size);
    }
    return bytes - bytes % kBlockBytes;
}

Result<ExclusiveFile> open_exclusive(const std::string& path, bool read_only, bool direct,
                                     std::string& explanation) {
    explanation.clear();
    // Opening a pipe would wait for its other end, so the kind is looked at first, and again once
    // it cannot change.
    struct stat found {};
    if (::stat(path.c_str(), &found) != 0)
        return system_failure(path, "file: stat", errno, explanation);
    VEXFS_TRY_VOID(check_kind(path, found, explanation));

    const bool exclusive_block = S_ISBLK(found.st_mode) && !read_only;
    const int flags =
        O_CLOEXEC | O_NOCTTY | (read_only ? O_RDONLY : O_RDWR) | (exclusive_block ? O_EXCL : 0);
    ExclusiveFile file;
    file.direct = direct;
    VEXFS_TRY_VOID(open_and_lock(path, flags, read_only, file, explanation));
    if (::fstat(file.descriptor.raw(), &found) != 0)
        return system_failure(path, "file: stat", errno, explanation);
    VEXFS_TRY_VOID(check_kind(path, found, explanation));
    file.block_device = S_ISBLK(found.st_mode);
    if (!file.block_device && !read_only)
        if (const auto loop = loop_device_over(found.st_dev, found.st_ino))
            return busy(path, "it is the backing store of " + *loop, explanation);
    const Status measured = measure(file);
    if (!measured) {
        explanation = path + ": " + measured.error().what;
        return measured.error();
    }
    return file;
}

} // namespace vexfs
