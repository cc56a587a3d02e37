// SPDX-License-Identifier: Apache-2.0
//
// A name in a directory.
//
// Names lie in the order of their hashes. A position is the hash (54 bits) and a number that tells
// names of one hash apart (8 bits); it never changes while the name is there, so that a listing
// that goes on after any change neither repeats nor skips what stayed.
//
// Threads: values.
#pragma once

#include <string>
#include <string_view>

#include "userlib/names/item.h"
#include "userlib/store/record.h"

namespace vexfs {

inline constexpr size_t kNameBytesMax = 255;
inline constexpr uint64_t kNamesOfOneHashMax = 256;
// Above every position.
inline constexpr uint64_t kPositionEnd = uint64_t{1} << 62;

struct Dirent {
    uint64_t ino = 0;
    uint8_t type = 0; // DT_*
    std::string name;
    friend bool operator==(const Dirent&, const Dirent&) = default;
};

// The first position that the name may have. The seed is the directory's own, so that nobody can
// make names that collide everywhere.
uint64_t directory_seed(const std::array<uint8_t, 16>& volume_id, uint64_t directory);
uint64_t first_position(std::string_view name, uint64_t seed);

inline Key dirent_key(uint64_t directory, uint64_t position) {
    return name_key(directory, NameItem::kDirent, position / kNamesOfOneHashMax,
                    static_cast<uint16_t>(position % kNamesOfOneHashMax));
}
inline uint64_t position_of(const Key& key) {
    return key.sub * kNamesOfOneHashMax + key.tie;
}

// What a name may not be: EINVAL, ENAMETOOLONG.
Status check_name(std::string_view name);

// OFFSET SIZE MEANING
//      0    8  inode
//      8    1  type
//      9    1  zero
//     10       name, to the end of the value
Page encode_dirent(const Dirent& dirent);
// EUCLEAN if the bytes are none.
Result<Dirent> decode_dirent(Bytes bytes);

} // namespace vexfs
