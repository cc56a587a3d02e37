// SPDX-License-Identifier: Apache-2.0
//
// An extended attribute as an item of its inode. A long value is an object of its own.
//
// Threads: values.
#pragma once

#include <string>
#include <string_view>

#include "userlib/names/item.h"
#include "userlib/store/record.h"

namespace vexfs {

inline constexpr size_t kXattrInlineMax = 1024;

struct Xattr {
    std::string name;
    uint64_t object = 0;      // where the value is; 0: here
    uint32_t value_bytes = 0; // its length, wherever it is
    Page value;
};

// OFFSET SIZE MEANING
//      0    8  object of the value, or 0
//      8    4  bytes of the value
//     12    1  bytes of the name
//     13    3  zero
//     16       name, then the value if it is here
Page encode_xattr(const Xattr& xattr);
// EUCLEAN if the bytes are none.
Result<Xattr> decode_xattr(Bytes bytes);

// Attributes lie by the hash of their name; a number tells those of one hash apart.
Key xattr_key(uint64_t ino, std::string_view name, uint16_t number = 0);

} // namespace vexfs
