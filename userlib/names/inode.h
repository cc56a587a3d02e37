// SPDX-License-Identifier: Apache-2.0
//
// An inode: what stat(2) tells of a file, and where it hangs in the tree. And its bytes on disk.
//
// Threads: values.
#pragma once

#include <array>
#include <compare>

#include <sys/stat.h>

#include "base/bytes.h"

namespace vexfs {

struct Timestamp {
    int64_t sec = 0;
    uint32_t nsec = 0; // below 10^9
    friend bool operator==(const Timestamp&, const Timestamp&) = default;
};

// Where a name stands: which directory, and at which position of it.
struct Link {
    uint64_t directory = 0;
    uint64_t position = 0;
    friend bool operator==(const Link&, const Link&) = default;
};

struct Inode {
    uint32_t mode = 0; // type and permissions, as st_mode
    uint32_t uid = 0;
    uint32_t gid = 0;
    uint32_t nlink = 0; // of a directory: 2 and one for each directory in it; 0: it has no name
    uint64_t size = 0;  // bytes; of a directory: names
    // Records of data that exist, at most: one that was overwritten with zeros may be counted.
    uint64_t records = 0;
    uint64_t data_version = 0; // grows with every change of the data
    Link link;                 // the first of its links; directory 0: none; of the root: none
    uint32_t rdev_major = 0;
    uint32_t rdev_minor = 0;
    Timestamp atime;
    Timestamp mtime;
    Timestamp ctime;
    Timestamp btime;
    uint32_t generation = 1; // inode numbers are never used again

    [[nodiscard]] bool is_directory() const { return S_ISDIR(mode); }
    [[nodiscard]] bool is_regular() const { return S_ISREG(mode); }
    // As in a directory entry: DT_*.
    [[nodiscard]] uint8_t type() const { return static_cast<uint8_t>(mode >> 12 & 15); }

    friend bool operator==(const Inode&, const Inode&) = default;
};

inline constexpr size_t kInodeBytes = 160;

// OFFSET SIZE MEANING
//      0    4  mode
//      4    4  uid
//      8    4  gid
//     12    4  nlink
//     16    8  size
//     24    8  records
//     32    8  data version
//     40    8  directory of the first link
//     48    8  position of the first link
//     56    4  rdev, major
//     60    4  rdev, minor
//     64   48  atime, mtime, ctime, btime: seconds (8, signed) and nanoseconds (4) each
//    112    4  generation
//    116   44  zero: flags, acl, project and more will come here
std::array<std::byte, kInodeBytes> encode_inode(const Inode& inode);
// EUCLEAN if the bytes are none.
Result<Inode> decode_inode(Bytes bytes);

} // namespace vexfs
