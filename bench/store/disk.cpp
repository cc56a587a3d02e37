// SPDX-License-Identifier: Apache-2.0
#include "bench/store/disk.h"

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "userlib/store/block_buffer.h"

namespace vexfs {

namespace {

constexpr uint64_t kStatSectorBytes = 512; // in which the kernel counts
constexpr uint64_t kBareBlocks = 256;

std::string first_line(const std::string& path) {
    std::ifstream file(path);
    std::string line;
    std::getline(file, line);
    return line;
}

std::string file_system_of(const std::string& folder) {
    struct statfs found {};
    if (::statfs(folder.c_str(), &found) != 0)
        return "unknown";
    switch (static_cast<uint64_t>(found.f_type)) {
    case 0xEF53:
        return "ext4";
    case 0x58465342:
        return "xfs";
    case 0x9123683E:
        return "btrfs";
    case 0x01021994:
        return "tmpfs";
    default:
        std::ostringstream text;
        text << "type 0x" << std::hex << found.f_type;
        return text.str();
    }
}

} // namespace

Result<Disk> Disk::below(const std::string& folder) {
    struct stat found {};
    if (::stat(folder.c_str(), &found) != 0)
        return fail(code_from_errno(errno), "disk: stat of the folder");
    const std::string device = "/sys/dev/block/" + std::to_string(major(found.st_dev)) + ":" +
                               std::to_string(minor(found.st_dev));
    Disk disk;
    disk.statistics_ = device + "/stat";
    disk.name_ = file_system_of(folder);
    std::error_code error;
    const std::filesystem::path real = std::filesystem::canonical(device, error);
    if (!error)
        disk.name_ += " on " + real.filename().string();
    const std::string cache = first_line(device + "/queue/write_cache");
    if (!cache.empty())
        disk.name_ += ", " + cache;
    return disk;
}

DiskCounts Disk::counts() const {
    std::ifstream file(statistics_);
    // Reads take the first four numbers, writes the next; flushes are the sixteenth.
    uint64_t numbers[16] = {};
    for (uint64_t& number : numbers)
        file >> number;
    return {numbers[4], numbers[6] * kStatSectorBytes, numbers[15]};
}

Result<BareSync> BareSync::create(const std::string& folder) {
    const std::string path = folder + "/bare";
    BareSync bare;
    bare.file_ = FileDescriptor(
        ::open(path.c_str(), O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC | O_DIRECT, 0600));
    BlockBuffer zeros(kBareBlocks);
    if (!bare.file_.is_open() ||
        ::pwrite(bare.file_.raw(), zeros.bytes().data(), zeros.bytes().size(), 0) !=
            static_cast<ssize_t>(zeros.bytes().size()))
        return fail(code_from_errno(errno), "disk: a file of 1 MiB for O_DIRECT");
    VEXFS_TRY_VOID(bare.run());
    return bare;
}

Status BareSync::run() {
    const BlockBuffer block(1);
    if (::pwrite(file_.raw(), block.bytes().data(), kBlockBytes, 0) !=
            static_cast<ssize_t>(kBlockBytes) ||
        ::fdatasync(file_.raw()) != 0)
        return fail(code_from_errno(errno), "disk: write and fdatasync");
    return ok();
}

} // namespace vexfs
