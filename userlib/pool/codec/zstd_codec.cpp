// SPDX-License-Identifier: Apache-2.0
//
// One zstd frame a block, without the frame's own checksum: the pointer to the block carries a
// better one.
//
// Threads: as codec.h says.
#include <zstd.h>

#include "userlib/pool/codec/codec.h"

namespace vexfs {

namespace {

constexpr int kHastyLevel = -1;

void free_encoder(void* context) {
    ZSTD_freeCCtx(static_cast<ZSTD_CCtx*>(context));
}

void free_decoder(void* context) {
    ZSTD_freeDCtx(static_cast<ZSTD_DCtx*>(context));
}

Result<size_t> encode(CodecState& state, Bytes block, int level, bool hasty, MutableBytes room) {
    if (!state.zstd_encode)
        state.zstd_encode = CodecState::Memory(ZSTD_createCCtx(), free_encoder);
    if (!state.zstd_encode)
        return fail(Code::kENOMEM, "codec: state of zstd");
    const size_t written =
        ZSTD_compressCCtx(static_cast<ZSTD_CCtx*>(state.zstd_encode.get()), room.data(),
                          room.size(), block.data(), block.size(), hasty ? kHastyLevel : level);
    return ZSTD_isError(written) ? size_t{0} : written;
}

Status decode(CodecState& state, Bytes encoded, MutableBytes block) {
    // zstd itself would also take several frames in a row, and frames that it skips.
    const size_t frame = ZSTD_findFrameCompressedSize(encoded.data(), encoded.size());
    if (ZSTD_isError(frame) || frame != encoded.size() ||
        ZSTD_getFrameContentSize(encoded.data(), encoded.size()) != block.size())
        return fail(Code::kEUCLEAN, "codec: no zstd frame of the length stated");
    if (!state.zstd_decode)
        state.zstd_decode = CodecState::Memory(ZSTD_createDCtx(), free_decoder);
    if (!state.zstd_decode)
        return fail(Code::kENOMEM, "codec: state of zstd");
    const size_t read =
        ZSTD_decompressDCtx(static_cast<ZSTD_DCtx*>(state.zstd_decode.get()), block.data(),
                            block.size(), encoded.data(), encoded.size());
    if (ZSTD_isError(read) || read != block.size())
        return fail(Code::kEUCLEAN, "codec: no zstd block of the length stated");
    return ok();
}

} // namespace

constexpr Codec kZstdCodec{CodecId::kZstd, "zstd", 1, 19, 3, encode, decode};

} // namespace vexfs
