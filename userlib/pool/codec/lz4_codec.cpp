// SPDX-License-Identifier: Apache-2.0
//
// LZ4 blocks (no frame): the length before and after stands in whatever points to the block.
//
// Threads: as codec.h says.
#include <cstdlib>

#include <lz4.h>

#include "userlib/pool/codec/codec.h"

namespace vexfs {

namespace {

constexpr int kHastyAcceleration = 8;

const char* chars(Bytes bytes) {
    return reinterpret_cast<const char*>(bytes.data());
}

char* chars(MutableBytes bytes) {
    return reinterpret_cast<char*>(bytes.data());
}

Result<size_t> encode(CodecState& state, Bytes block, int, bool hasty, MutableBytes room) {
    if (!state.lz4_encode)
        state.lz4_encode =
            CodecState::Memory(std::malloc(static_cast<size_t>(LZ4_sizeofState())), std::free);
    if (!state.lz4_encode)
        return fail(Code::kENOMEM, "codec: state of lz4");
    const int written = LZ4_compress_fast_extState(
        state.lz4_encode.get(), chars(block), chars(room), static_cast<int>(block.size()),
        static_cast<int>(room.size()), hasty ? kHastyAcceleration : 1);
    return written > 0 ? static_cast<size_t>(written) : size_t{0};
}

Status decode(CodecState&, Bytes encoded, MutableBytes block) {
    const int read =
        LZ4_decompress_safe(chars(encoded), chars(block), static_cast<int>(encoded.size()),
                            static_cast<int>(block.size()));
    if (read < 0 || static_cast<size_t>(read) != block.size())
        return fail(Code::kEUCLEAN, "codec: no lz4 block of the length stated");
    return ok();
}

} // namespace

constexpr Codec kLz4Codec{CodecId::kLz4, "lz4", 0, 0, 0, encode, decode};

} // namespace vexfs
