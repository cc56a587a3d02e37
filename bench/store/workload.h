// SPDX-License-Identifier: Apache-2.0
//
// What is put into the stores: the metadata of a file system, as a function of a number.
//
// A file takes three puts: its inode, its entry in a directory of 1,000 files, by hash, and its
// inline data. Object numbers rise in the order of creation. A value is 100 bytes, of which half
// are random and half are the same in all, so that a compressor finds something to do.
//
// Threads: pure.
#pragma once

#include <array>
#include <cstdint>

#include "userlib/store/key.h"

namespace vexfs {

struct Put {
    Key key;
    std::array<std::byte, 100> value{};
};

inline constexpr uint64_t kPutsPerFile = 3;

// Put number `index` of a volume that is filled file by file. Another `version` has the same key
// and another value.
Put put_at(uint64_t index, uint64_t version = 0);

} // namespace vexfs
