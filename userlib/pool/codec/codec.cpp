// SPDX-License-Identifier: Apache-2.0
#include "userlib/pool/codec/codec.h"

#include <array>
#include <cstring>

namespace vexfs {

namespace {

void free_nothing(void*) {}

Result<size_t> copy_in(CodecState&, Bytes block, int, bool, MutableBytes room) {
    if (block.size() > room.size())
        return size_t{0};
    if (!block.empty())
        std::memcpy(room.data(), block.data(), block.size());
    return block.size();
}

Status copy_out(CodecState&, Bytes encoded, MutableBytes block) {
    if (encoded.size() != block.size())
        return fail(Code::kEUCLEAN, "codec: a raw block has another length");
    if (!block.empty())
        std::memcpy(block.data(), encoded.data(), block.size());
    return ok();
}

} // namespace

CodecState::CodecState()
    : lz4_encode(nullptr, free_nothing), zstd_encode(nullptr, free_nothing),
      zstd_decode(nullptr, free_nothing) {}

std::span<const Codec> codecs() {
    static const std::array<Codec, 3> all{Codec{CodecId::kNone, "none", 0, 0, 0, copy_in, copy_out},
                                          kLz4Codec, kZstdCodec};
    return all;
}

Result<const Codec*> find_codec(uint8_t id) {
    for (const Codec& codec : codecs())
        if (static_cast<uint8_t>(codec.id) == id)
            return &codec;
    return fail(Code::kEOPNOTSUPP, "codec: a block is of a codec that this build does not know");
}

Result<const Codec*> find_codec(std::string_view name) {
    for (const Codec& codec : codecs())
        if (codec.name == name)
            return &codec;
    return fail(Code::kEOPNOTSUPP, "codec: no codec has that name");
}

} // namespace vexfs
