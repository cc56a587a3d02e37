// SPDX-License-Identifier: Apache-2.0
#include "userlib/pool/codec/block_filter.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/assert.h"

namespace vexfs {

namespace {

constexpr uint32_t kSign = 0x8000'0000;
constexpr int kMantissaBits = 23;
constexpr int kLostBits = 13; // of the mantissa, from float32 to float16
constexpr uint32_t kBias = 127;
constexpr uint32_t kHalfBias = 15;
constexpr uint32_t kHalfInfinite = 0x7c00;

// The number at `at`, the bytes behind the end of the block being zero.
uint32_t load_number(Bytes block, size_t at) {
    std::byte bytes[4] = {};
    std::memcpy(bytes, block.data() + at, std::min<size_t>(4, block.size() - at));
    return load_le<uint32_t>(bytes);
}

// The float16 of the same value, if there is one. NaN has none: its bits could not be kept.
bool to_half(uint32_t number, uint16_t& half) {
    const uint32_t sign = (number & kSign) >> 16;
    const uint32_t exponent = number >> kMantissaBits & 0xff;
    uint32_t mantissa = number & ((1U << kMantissaBits) - 1);
    uint32_t bits = 0;
    if (exponent == 0xff) {
        if (mantissa != 0)
            return false;
        bits = kHalfInfinite;
    } else if (exponent == 0) {
        if (mantissa != 0)
            return false; // far below the smallest float16
    } else if (exponent > kBias - kHalfBias) {
        if (exponent > kBias + kHalfBias || (mantissa & ((1U << kLostBits) - 1)) != 0)
            return false;
        bits = (exponent - (kBias - kHalfBias)) << 10 | mantissa >> kLostBits;
    } else {
        // A float16 without a leading one: units of 2^-24.
        const uint32_t lost = kLostBits + (kBias - kHalfBias + 1 - exponent);
        mantissa |= 1U << kMantissaBits;
        if (lost > kMantissaBits || (mantissa & ((1U << lost) - 1)) != 0)
            return false;
        bits = mantissa >> lost;
    }
    half = static_cast<uint16_t>(sign | bits);
    return true;
}

uint32_t from_half(uint16_t half) {
    const uint32_t sign = static_cast<uint32_t>(half & 0x8000) << 16;
    const uint32_t exponent = half >> 10 & 0x1f;
    const uint32_t mantissa = half & 0x3ff;
    if (exponent == 0x1f)
        return sign | 0xffU << kMantissaBits | mantissa << kLostBits;
    if (exponent != 0)
        return sign | (exponent + kBias - kHalfBias) << kMantissaBits | mantissa << kLostBits;
    if (mantissa == 0)
        return sign;
    // The leading one of the mantissa becomes the hidden one.
    const auto shift = static_cast<uint32_t>(std::countl_zero(mantissa)) - 21;
    return sign | (kBias - kHalfBias + 1 - shift) << kMantissaBits |
           (mantissa << shift & 0x3ff) << kLostBits;
}

bool narrow_to_bf16(Bytes block, MutableBytes out) {
    for (size_t at = 0; at < block.size(); at += 4) {
        const uint32_t number = load_number(block, at);
        if ((number & 0xffff) != 0)
            return false;
        store_le<uint16_t>(out.data() + at / 2, static_cast<uint16_t>(number >> 16));
    }
    return true;
}

bool narrow_to_f16(Bytes block, MutableBytes out) {
    for (size_t at = 0; at < block.size(); at += 4) {
        uint16_t half = 0;
        if (!to_half(load_number(block, at), half))
            return false;
        store_le<uint16_t>(out.data() + at / 2, half);
    }
    return true;
}

} // namespace

uint8_t encode_block_filter(const BlockFilter& filter) {
    return static_cast<uint8_t>(static_cast<uint8_t>(filter.narrow) | filter.shuffle << 4);
}

Result<BlockFilter> decode_block_filter(uint8_t byte) {
    const uint8_t narrow = byte & 0xf;
    const auto shuffle = static_cast<uint8_t>(byte >> 4);
    // What is narrowed has numbers of two bytes.
    const bool known = narrow == 0 ? shuffle == 0 || shuffle == 2 || shuffle == 4
                                   : narrow <= static_cast<uint8_t>(Narrow::kF16) &&
                                         (shuffle == 0 || shuffle == 2);
    if (!known)
        return fail(Code::kEOPNOTSUPP, "codec: a block has a filter that this build does not know");
    return BlockFilter{static_cast<Narrow>(narrow), shuffle};
}

Narrow narrow_exactly(Bytes block, MutableBytes out) {
    VEXFS_ASSERT(out.size() == narrowed_size(Narrow::kBf16, block.size()));
    if (narrow_to_bf16(block, out))
        return Narrow::kBf16;
    return narrow_to_f16(block, out) ? Narrow::kF16 : Narrow::kNone;
}

Status widen(Narrow narrow, Bytes narrowed, size_t skip, MutableBytes out) {
    size_t within = skip % 4; // of the first number
    if (narrowed.size() < narrowed_size(narrow, within + out.size()))
        return fail(Code::kEUCLEAN, "codec: a narrowed block ends early");
    for (size_t at = 0; !out.empty(); at += 2) {
        const auto half = load_le<uint16_t>(narrowed.data() + at);
        const uint32_t number =
            narrow == Narrow::kBf16 ? static_cast<uint32_t>(half) << 16 : from_half(half);
        std::byte bytes[4];
        store_le<uint32_t>(bytes, number);
        const size_t count = std::min(out.size(), 4 - within);
        std::memcpy(out.data(), bytes + within, count);
        out = out.subspan(count);
        within = 0;
    }
    return ok();
}

void shuffle(size_t width, Bytes block, MutableBytes out) {
    const size_t count = block.size() / width;
    for (size_t plane = 0; plane < width && count > 0; ++plane) {
        const std::byte* from = block.data() + (width - 1 - plane);
        std::byte* const to = out.data() + plane * count;
        for (size_t i = 0; i < count; ++i)
            to[i] = from[i * width];
    }
    std::copy(block.begin() + static_cast<ptrdiff_t>(count * width), block.end(),
              out.begin() + static_cast<ptrdiff_t>(count * width));
}

void unshuffle(size_t width, Bytes shuffled, MutableBytes out) {
    const size_t count = shuffled.size() / width;
    for (size_t plane = 0; plane < width && count > 0; ++plane) {
        const std::byte* const from = shuffled.data() + plane * count;
        std::byte* to = out.data() + (width - 1 - plane);
        for (size_t i = 0; i < count; ++i)
            to[i * width] = from[i];
    }
    std::copy(shuffled.begin() + static_cast<ptrdiff_t>(count * width), shuffled.end(),
              out.begin() + static_cast<ptrdiff_t>(count * width));
}

} // namespace vexfs
