// SPDX-License-Identifier: Apache-2.0
//
// The two checksums of VexFS behind one header.
//
// crc32c guards data in 4 KiB chunks: 4 bytes each, hardware speed (isa-l picks the instruction at
// run time). xxh3 with 128 bits guards metadata, where a checksum lies in the parent and one
// collision would graft a foreign subtree. Both find accidents, not attacks: every parser stays
// safe on bytes whose checksum is right.
//
// Threads: pure functions.
#pragma once

#include <cstdint>

#include "base/bytes.h"

namespace vexfs {

// CRC-32C (Castagnoli) as iSCSI and ext4 define it: crc32c("123456789") == 0xe3069283. `previous`
// is the checksum of the bytes before these, so that a buffer may be summed in pieces.
uint32_t crc32c(Bytes bytes, uint32_t previous = 0);

struct Checksum128 {
    uint64_t low = 0;
    uint64_t high = 0;
    friend bool operator==(const Checksum128&, const Checksum128&) = default;
};

// XXH3. The seed ties the sum to a place (address, birth), so that the right bytes in the wrong
// place do not match.
Checksum128 xxh3_128(Bytes bytes, uint64_t seed = 0);
uint64_t xxh3_64(Bytes bytes, uint64_t seed = 0);

} // namespace vexfs
