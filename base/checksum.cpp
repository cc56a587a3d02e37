// SPDX-License-Identifier: Apache-2.0
#include "base/checksum.h"

#include <isa-l/crc.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace vexfs {

uint32_t crc32c(Bytes bytes, uint32_t previous) {
    // isa-l counts in int and takes no const; it does not write. It leaves out both inversions.
    constexpr size_t kPiece = size_t{1} << 30;
    uint32_t state = ~previous;
    auto* data = reinterpret_cast<unsigned char*>(const_cast<std::byte*>(bytes.data()));
    for (size_t left = bytes.size(); left > 0;) {
        const size_t piece = left < kPiece ? left : kPiece;
        state = crc32_iscsi(data, static_cast<int>(piece), state);
        data += piece;
        left -= piece;
    }
    return ~state;
}

Checksum128 xxh3_128(Bytes bytes, uint64_t seed) {
    const XXH128_hash_t hash = XXH3_128bits_withSeed(bytes.data(), bytes.size(), seed);
    return {hash.low64, hash.high64};
}

uint64_t xxh3_64(Bytes bytes, uint64_t seed) {
    return XXH3_64bits_withSeed(bytes.data(), bytes.size(), seed);
}

} // namespace vexfs
