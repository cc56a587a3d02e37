// SPDX-License-Identifier: Apache-2.0
#include "userlib/names/inode.h"

#include <algorithm>

namespace vexfs {

namespace {

constexpr size_t kTimes = 64;
constexpr size_t kTimeBytes = 12;
constexpr size_t kGeneration = kTimes + 4 * kTimeBytes;
constexpr size_t kReserved = kGeneration + 4;
constexpr uint32_t kNanosecondsMax = 999'999'999;
constexpr uint32_t kModeBits = S_IFMT | 07777;

void store_time(std::byte* to, const Timestamp& time) {
    store_le<uint64_t>(to, static_cast<uint64_t>(time.sec));
    store_le<uint32_t>(to + 8, time.nsec);
}

Timestamp load_time(const std::byte* from) {
    return {static_cast<int64_t>(load_le<uint64_t>(from)), load_le<uint32_t>(from + 8)};
}

bool type_known(uint32_t mode) {
    return S_ISREG(mode) || S_ISDIR(mode) || S_ISLNK(mode) || S_ISFIFO(mode) || S_ISSOCK(mode) ||
           S_ISCHR(mode) || S_ISBLK(mode);
}

} // namespace

std::array<std::byte, kInodeBytes> encode_inode(const Inode& inode) {
    std::array<std::byte, kInodeBytes> bytes{};
    std::byte* const at = bytes.data();
    store_le<uint32_t>(at, inode.mode);
    store_le<uint32_t>(at + 4, inode.uid);
    store_le<uint32_t>(at + 8, inode.gid);
    store_le<uint32_t>(at + 12, inode.nlink);
    store_le<uint64_t>(at + 16, inode.size);
    store_le<uint64_t>(at + 24, inode.records);
    store_le<uint64_t>(at + 32, inode.data_version);
    store_le<uint64_t>(at + 40, inode.link.directory);
    store_le<uint64_t>(at + 48, inode.link.position);
    store_le<uint32_t>(at + 56, inode.rdev_major);
    store_le<uint32_t>(at + 60, inode.rdev_minor);
    store_time(at + kTimes, inode.atime);
    store_time(at + kTimes + kTimeBytes, inode.mtime);
    store_time(at + kTimes + 2 * kTimeBytes, inode.ctime);
    store_time(at + kTimes + 3 * kTimeBytes, inode.btime);
    store_le<uint32_t>(at + kGeneration, inode.generation);
    return bytes;
}

Result<Inode> decode_inode(Bytes bytes) {
    if (bytes.size() != kInodeBytes)
        return fail(Code::kEUCLEAN, "inode: size of the item");
    const std::byte* const at = bytes.data();
    Inode inode;
    inode.mode = load_le<uint32_t>(at);
    inode.uid = load_le<uint32_t>(at + 4);
    inode.gid = load_le<uint32_t>(at + 8);
    inode.nlink = load_le<uint32_t>(at + 12);
    inode.size = load_le<uint64_t>(at + 16);
    inode.records = load_le<uint64_t>(at + 24);
    inode.data_version = load_le<uint64_t>(at + 32);
    inode.link = {load_le<uint64_t>(at + 40), load_le<uint64_t>(at + 48)};
    inode.rdev_major = load_le<uint32_t>(at + 56);
    inode.rdev_minor = load_le<uint32_t>(at + 60);
    inode.atime = load_time(at + kTimes);
    inode.mtime = load_time(at + kTimes + kTimeBytes);
    inode.ctime = load_time(at + kTimes + 2 * kTimeBytes);
    inode.btime = load_time(at + kTimes + 3 * kTimeBytes);
    inode.generation = load_le<uint32_t>(at + kGeneration);
    if (!type_known(inode.mode) || (inode.mode & ~kModeBits) != 0)
        return fail(Code::kEUCLEAN, "inode: mode");
    for (const Timestamp& time : {inode.atime, inode.mtime, inode.ctime, inode.btime})
        if (time.nsec > kNanosecondsMax)
            return fail(Code::kEUCLEAN, "inode: a time of more than a second's nanoseconds");
    if (inode.size > static_cast<uint64_t>(INT64_MAX))
        return fail(Code::kEUCLEAN, "inode: size of the file");
    const Bytes reserved = bytes.subspan(kReserved);
    if (std::any_of(reserved.begin(), reserved.end(),
                    [](std::byte b) { return b != std::byte{0}; }))
        return fail(Code::kEUCLEAN, "inode: reserved bytes");
    return inode;
}

} // namespace vexfs
