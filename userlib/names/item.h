// SPDX-License-Identifier: Apache-2.0
//
// The items that make names and files out of a store: their keys.
//
// An inode is an object of the store; its number is the object's. What belongs to it lies under
// that number, so that destroying the object destroys all of it.
//
// Threads: values.
#pragma once

#include "userlib/store/key.h"

namespace vexfs {

inline constexpr uint64_t kNamesOid = 1; // no file: the items of the namespace as a whole
inline constexpr uint64_t kRootIno = 2;
inline constexpr uint64_t kFirstIno = 1024; // below it numbers are reserved
inline constexpr uint64_t kInoCounter = 1;  // of Store::reserve(): inode numbers and value objects

enum class NameItem : uint8_t {
    kInode = 1,    // sub 0: see inode.h
    kDirent = 2,   // of a directory; sub, tie: see dirent.h
    kXattr = 3,    // sub: hash of the name, tie: which of that hash; see xattr.h
    kLink = 6,     // a further link; sub: position, tie: which of these; value u64: the directory
    kUnlinked = 7, // kNamesOid; sub: an inode without a name that was in use
    kTrim = 8,     // kNamesOid; sub: an inode that still has data behind its size
};

inline Key name_key(uint64_t oid, NameItem item, uint64_t sub = 0, uint16_t tie = 0) {
    return {oid, static_cast<uint8_t>(item), sub, tie};
}

// Behind all of an object's items of that type.
inline Key name_key_end(uint64_t oid, NameItem item) {
    return {oid, static_cast<uint8_t>(static_cast<uint8_t>(item) + 1), 0, 0};
}

} // namespace vexfs
