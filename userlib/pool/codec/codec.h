// SPDX-License-Identifier: Apache-2.0
//
// The registry of block codecs: a stable one-byte id, a name, levels, and the two functions.
//
// A codec turns one block of bytes into fewer bytes and back. Ids are part of the disk format and
// are never reused. What is worth compressing is decided in block_coder.h; this file knows only
// how. Decoders take bytes that anybody may have written: they stay inside both buffers and fail
// unless input and output are used up exactly.
//
// Threads: the registry is immutable; a CodecState belongs to one thread at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace vexfs {

enum class CodecId : uint8_t { kNone = 0, kLz4 = 1, kZstd = 2 };

// The largest block that a codec accepts.
inline constexpr size_t kCodecBlockBytesMax = size_t{1} << 24;

// Working memory of the codecs, taken when a codec first needs it and kept for the next block.
// Threads: one thread at a time.
class CodecState {
  public:
    using Memory = std::unique_ptr<void, void (*)(void*)>;

    CodecState();

    Memory lz4_encode;
    Memory zstd_encode;
    Memory zstd_decode;
};

struct Codec {
    CodecId id;
    std::string_view name;
    // A codec without levels has 0 in all three.
    int level_min;
    int level_max;
    int level_default;
    // The bytes written to `room`, or 0 if the block does not fit there. `hasty` asks for the
    // fastest attempt, as a sample of what a real one would save. ENOMEM.
    Result<size_t> (*encode)(CodecState&, Bytes block, int level, bool hasty, MutableBytes room);
    // Fills `block`, whose size is that of the block encoded. EUCLEAN if `encoded` is no such
    // block; ENOMEM.
    Status (*decode)(CodecState&, Bytes encoded, MutableBytes block);
};

// All of them, by id.
std::span<const Codec> codecs();

// EOPNOTSUPP if this build has no codec of that id or name.
Result<const Codec*> find_codec(uint8_t id);
Result<const Codec*> find_codec(std::string_view name);

// Each codec's own file.
extern const Codec kLz4Codec;
extern const Codec kZstdCodec;

} // namespace vexfs
