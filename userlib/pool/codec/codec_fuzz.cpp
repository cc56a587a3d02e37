// SPDX-License-Identifier: Apache-2.0
//
// Input: codec id, wanted size (18 bits, little-endian; the six bits above them choose the form of
// a block), filter, encoded bytes. Decoding stays inside exact buffers; and the same bytes, taken
// as a block, survive encoding and decoding.
#include <cstdint>
#include <cstring>
#include <vector>

#include "userlib/pool/codec/block_coder.h"

using namespace vexfs;

namespace {

void round_trip(BlockCoder& coder, const Codec& codec, const BlockForm& form, Bytes block) {
    std::vector<std::byte> room(worthwhile_size(block.size()));
    const Coded coded = coder.encode({codec.id, codec.level_default}, form, block, room).value();
    if (coded.is_raw())
        return;
    std::vector<std::byte> back(block.size());
    VEXFS_ASSERT(coder.decode(static_cast<uint8_t>(coded.codec), coded.filter,
                              Bytes(room).first(coded.size_bytes), back));
    VEXFS_ASSERT(std::memcmp(back.data(), block.data(), back.size()) == 0);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    if (size < 5)
        return 0;
    BlockCoder coder;
    const size_t wanted = (data[1] | data[2] << 8 | data[3] << 16) & 0x3ffff;
    const Bytes input = std::as_bytes(std::span(data + 5, size - 5));
    // Copies of the exact size, so that the sanitizer sees a byte too far.
    const std::vector<std::byte> encoded(input.begin(), input.end());
    std::vector<std::byte> block(wanted);
    const Result<BlockFilter> filter = decode_block_filter(data[4]);
    if (!filter || !coder.decode(data[0], *filter, encoded, block))
        block.clear();

    const auto codec = find_codec(data[0]);
    if (!codec)
        return 0;
    std::vector<std::byte> repeated;
    while (!encoded.empty() && repeated.size() < 20000)
        repeated.insert(repeated.end(), encoded.begin(), encoded.end());
    const BlockForm form{static_cast<Numbers>((data[3] >> 2 & 0x1f) % 3), data[3] >> 7 != 0};
    round_trip(coder, **codec, form, encoded);
    round_trip(coder, **codec, form, repeated);
    return 0;
}
