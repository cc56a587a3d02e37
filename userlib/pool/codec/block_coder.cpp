// SPDX-License-Identifier: Apache-2.0
#include "userlib/pool/codec/block_coder.h"

#include <algorithm>
#include <charconv>
#include <cstring>

namespace vexfs {

namespace {

constexpr size_t kUnitBytes = 4096;
constexpr size_t kLeastFraction = 16;
constexpr size_t kSampleBytes = 4096;
// A block shorter than this is compressed outright: the sample would be a large part of the work.
constexpr size_t kSampledFrom = 4 * kSampleBytes;

Result<const Codec*> find_codec(const Compression& compression) {
    const Codec* const codec =
        VEXFS_TRY(vexfs::find_codec(static_cast<uint8_t>(compression.codec)));
    if (codec->id == CodecId::kNone)
        return codec;
    if (compression.level < codec->level_min || compression.level > codec->level_max)
        return fail(Code::kEINVAL, "codec: the codec has no such level");
    return codec;
}

} // namespace

Result<Compression> parse_compression(std::string_view text) {
    if (text == "off")
        text = "none";
    const size_t colon = text.find(':');
    const Codec& codec = *VEXFS_TRY(find_codec(text.substr(0, colon)));
    if (colon == std::string_view::npos)
        return Compression{codec.id, codec.level_default};
    const std::string_view digits = text.substr(colon + 1);
    int level = 0;
    const auto [end, error] = std::from_chars(digits.begin(), digits.end(), level);
    if (error != std::errc() || end != digits.end() || codec.level_max == 0 ||
        level < codec.level_min || level > codec.level_max)
        return fail(Code::kEINVAL, "codec: the codec has no such level");
    return Compression{codec.id, level};
}

std::string to_string(const Compression& compression) {
    const auto found = find_codec(static_cast<uint8_t>(compression.codec));
    if (!found)
        return "codec " + std::to_string(static_cast<int>(compression.codec));
    const Codec& codec = **found;
    std::string text(codec.name);
    if (compression.level != codec.level_default)
        text += ':' + std::to_string(compression.level);
    return text;
}

size_t worthwhile_size(size_t block_bytes) {
    const size_t units = div_ceil(block_bytes, kUnitBytes);
    if (units < 2)
        return 0;
    return std::min((units - 1) * kUnitBytes, block_bytes - block_bytes / kLeastFraction);
}

Result<bool> BlockCoder::looks_compressible(const Codec& codec, Bytes block, MutableBytes room) {
    if (block.size() < kSampledFrom)
        return true;
    const size_t limit = kSampleBytes - kSampleBytes / kLeastFraction;
    const size_t size = VEXFS_TRY(codec.encode(state_, block.first(kSampleBytes),
                                               codec.level_default, true, room.first(limit)));
    return size > 0;
}

Result<Coded> BlockCoder::encode(const Compression& compression, Bytes block, MutableBytes room) {
    const Coded raw{CodecId::kNone, block.size()};
    const size_t limit = worthwhile_size(block.size());
    if (block.size() > kCodecBlockBytesMax || room.size() < limit)
        return fail(Code::kEINVAL, "codec: the block is too large or the room too small");
    const Codec& codec = *VEXFS_TRY(find_codec(compression));
    if (codec.id == CodecId::kNone || limit == 0)
        return raw;
    if (!VEXFS_TRY(looks_compressible(codec, block, room)))
        return raw;
    const size_t size =
        VEXFS_TRY(codec.encode(state_, block, compression.level, false, room.first(limit)));
    return size > 0 ? Coded{codec.id, size} : raw;
}

Result<Coded> BlockCoder::encode(const Compression& compression, const BlockForm& form, Bytes block,
                                 MutableBytes room) {
    const size_t limit = worthwhile_size(block.size());
    if (form.numbers == Numbers::kNone || limit == 0 || room.size() < limit ||
        block.size() > kCodecBlockBytesMax)
        return encode(compression, block, room);
    return encode_numbers(compression, form, block, room);
}

// The caller has checked the sizes.
Result<Coded> BlockCoder::encode_numbers(const Compression& compression, const BlockForm& form,
                                         Bytes block, MutableBytes room) {
    Bytes numbers = block;
    BlockFilter filter;
    if (form.numbers == Numbers::kF32) {
        narrowed_.resize(narrowed_size(Narrow::kBf16, block.size()));
        filter.narrow = narrow_exactly(block, narrowed_);
        if (filter.narrow != Narrow::kNone)
            numbers = narrowed_;
    }
    const bool narrow = filter.narrow != Narrow::kNone;
    if (form.seekable && !narrow)
        return encode(compression, block, room);
    if (!form.seekable && compression.codec != CodecId::kNone) {
        const size_t width = form.numbers == Numbers::kF32 && !narrow ? 4 : 2;
        shuffled_.resize(numbers.size());
        shuffle(width, numbers, shuffled_);
        const Codec& codec = *VEXFS_TRY(find_codec(compression));
        // Nothing is to be gained once the blocks are no fewer than without it.
        const size_t limit =
            narrow ? worthwhile_size(numbers.size()) : worthwhile_size(block.size());
        const size_t size = limit == 0
                                ? 0
                                : VEXFS_TRY(codec.encode(state_, shuffled_, compression.level,
                                                         false, room.first(limit)));
        if (size > 0) {
            filter.shuffle = static_cast<uint8_t>(width);
            return Coded{codec.id, size, filter};
        }
    }
    if (narrow)
        std::memcpy(room.data(), numbers.data(), numbers.size());
    return Coded{CodecId::kNone, numbers.size(), filter};
}

Status BlockCoder::decode(uint8_t codec, Bytes encoded, MutableBytes block) {
    const Codec& found = *VEXFS_TRY(find_codec(codec));
    if (encoded.size() > kCodecBlockBytesMax || block.size() > kCodecBlockBytesMax)
        return fail(Code::kEUCLEAN, "codec: no block is that large");
    return found.decode(state_, encoded, block);
}

Status BlockCoder::decode(uint8_t codec, const BlockFilter& filter, Bytes encoded,
                          MutableBytes block) {
    if (!filter.any())
        return decode(codec, encoded, block);
    const size_t size = narrowed_size(filter.narrow, block.size());
    shuffled_.resize(size);
    VEXFS_TRY_VOID(decode(codec, encoded, shuffled_));
    Bytes numbers = shuffled_;
    if (filter.shuffle != 0) {
        const bool last = filter.narrow == Narrow::kNone;
        if (!last)
            narrowed_.resize(size);
        unshuffle(filter.shuffle, shuffled_, last ? block : MutableBytes(narrowed_));
        if (last)
            return ok();
        numbers = narrowed_;
    }
    return widen(filter.narrow, numbers, 0, block);
}

} // namespace vexfs
