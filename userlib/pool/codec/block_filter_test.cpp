// SPDX-License-Identifier: Apache-2.0
#include "userlib/pool/codec/block_filter.h"

#include <cmath>
#include <cstring>
#include <vector>

#include <doctest/doctest.h>

#include "base/random.h"

using namespace vexfs;

namespace {

using Buffer = std::vector<std::byte>;

Buffer bytes_of_numbers(const std::vector<uint32_t>& numbers) {
    Buffer bytes(numbers.size() * 4);
    for (size_t i = 0; i < numbers.size(); ++i)
        store_le<uint32_t>(bytes.data() + 4 * i, numbers[i]);
    return bytes;
}

uint32_t bits_of(float value) {
    uint32_t bits = 0;
    std::memcpy(&bits, &value, sizeof bits);
    return bits;
}

Narrow narrow_one(uint32_t number) {
    Buffer out(2);
    return narrow_exactly(bytes_of_numbers({number}), out);
}

// What is narrowed comes back, and how it was narrowed.
Narrow round_trip(const Buffer& block) {
    Buffer narrowed(narrowed_size(Narrow::kBf16, block.size()));
    const Narrow narrow = narrow_exactly(block, narrowed);
    if (narrow != Narrow::kNone) {
        Buffer back(block.size());
        REQUIRE(widen(narrow, narrowed, 0, back));
        CHECK(back == block);
    }
    return narrow;
}

} // namespace

TEST_CASE("filter: every float16 comes back from the float32 of its value") {
    for (uint32_t half = 0; half < 0x10000; ++half) {
        const uint32_t exponent = half >> 10 & 0x1f;
        const uint32_t mantissa = half & 0x3ff;
        if (exponent == 0x1f && mantissa != 0)
            continue; // NaN
        float value = exponent == 0x1f ? INFINITY
                      : exponent == 0  ? std::ldexp(static_cast<float>(mantissa), -24)
                                       : std::ldexp(static_cast<float>(0x400 | mantissa),
                                                    static_cast<int>(exponent) - 25);
        if ((half & 0x8000) != 0)
            value = -value;
        // The second number is no bfloat16, so that the block must be float16.
        const Buffer block = bytes_of_numbers({bits_of(value), bits_of(2047.0F)});
        Buffer narrowed(4);
        REQUIRE(narrow_exactly(block, narrowed) == Narrow::kF16);
        CHECK(load_le<uint16_t>(narrowed.data()) == half);
        Buffer back(8);
        REQUIRE(widen(Narrow::kF16, narrowed, 0, back));
        CHECK(back == block);
    }
}

TEST_CASE("filter: what has a bit too many stays as it is") {
    for (const float value : {0.1F, 1.0F + std::ldexp(1.0F, -11), 65535.0F,
                              std::ldexp(1025.0F, -25), std::ldexp(513.5F, -24), 4097.0F}) {
        CAPTURE(value);
        CHECK(narrow_one(bits_of(value)) == Narrow::kNone);
    }
    CHECK(narrow_one(bits_of(1.0F)) == Narrow::kBf16);
    CHECK(narrow_one(bits_of(-0.0F)) == Narrow::kBf16);
    CHECK(narrow_one(bits_of(1e30F) & 0xffff0000) == Narrow::kBf16);
    CHECK(narrow_one(0x7fc00001) == Narrow::kNone); // a NaN whose payload has no room
    CHECK(narrow_one(0x7f810000) == Narrow::kBf16); // one that has
    CHECK(narrow_one(1) == Narrow::kNone);          // the smallest float32
    CHECK(narrow_one(bits_of(2047.0F)) == Narrow::kF16);
    CHECK(narrow_one(bits_of(65504.0F)) == Narrow::kF16); // the largest float16
    CHECK(narrow_one(bits_of(std::ldexp(1.0F, -24))) == Narrow::kBf16);
    CHECK(narrow_one(bits_of(std::ldexp(513.0F, -24))) == Narrow::kF16);
}

TEST_CASE("filter: any float32 that is said to be narrow comes back, whatever its bits") {
    Random random(5);
    size_t narrowed = 0;
    for (int i = 0; i < 2'000'000; ++i) {
        auto number = static_cast<uint32_t>(random.next());
        // Many with few bits of mantissa, around the exponents of float16.
        if (random.chance(1, 2))
            number = static_cast<uint32_t>(random.below(2) << 31 | random.between(100, 145) << 23 |
                                           (random.below(1 << 11) << 12));
        narrowed += round_trip(bytes_of_numbers({number})) != Narrow::kNone ? 1 : 0;
    }
    CHECK(narrowed > 100'000);
}

TEST_CASE("filter: one number decides for its block, and blocks end anywhere") {
    std::vector<uint32_t> numbers(300);
    for (size_t i = 0; i < numbers.size(); ++i)
        numbers[i] = bits_of(static_cast<float>(i));
    const Buffer whole = bytes_of_numbers(numbers);
    CHECK(round_trip(whole) == Narrow::kF16); // 257 is no bfloat16
    numbers.back() = bits_of(0.1F);
    CHECK(round_trip(bytes_of_numbers(numbers)) == Narrow::kNone);
    // Trailing zero bytes are not kept: 1.0 ends with two of them.
    for (size_t size = 1; size < 64; ++size) {
        Buffer block = bytes_of_numbers(std::vector<uint32_t>(16, bits_of(1.0F)));
        block.resize(size);
        CAPTURE(size);
        CHECK(round_trip(block) == Narrow::kBf16);
    }
}

TEST_CASE("filter: a piece is widened from any byte on, and never past what there is") {
    std::vector<uint32_t> numbers(50);
    for (size_t i = 0; i < numbers.size(); ++i)
        numbers[i] = bits_of(static_cast<float>(i) - 7.5F);
    const Buffer block = bytes_of_numbers(numbers);
    Buffer narrowed(100);
    REQUIRE(narrow_exactly(block, narrowed) == Narrow::kBf16);
    for (size_t skip = 0; skip < 60; ++skip)
        for (size_t size = 1; size < 40; ++size) {
            Buffer out(size);
            const Bytes from = Bytes(narrowed).subspan(skip / 4 * 2);
            REQUIRE(widen(Narrow::kBf16, from, skip, out));
            CHECK(std::memcmp(out.data(), block.data() + skip, size) == 0);
        }
    Buffer out(9);
    CHECK(widen(Narrow::kF16, Bytes(narrowed).first(4), 0, out).error().code == Code::kEUCLEAN);
    CHECK(widen(Narrow::kF16, Bytes(narrowed).first(6), 0, out));
    CHECK(widen(Narrow::kF16, Bytes(narrowed).first(6), 3, MutableBytes(out)));
    CHECK(widen(Narrow::kF16, Bytes(narrowed).first(5), 0, out).error().code == Code::kEUCLEAN);
}

TEST_CASE("filter: shuffling lays the highest bytes first and is undone") {
    const Buffer numbers = bytes_of_numbers({0x01020304, 0x11121314});
    Buffer out(8);
    shuffle(4, numbers, out);
    CHECK(out == Buffer{std::byte{1}, std::byte{0x11}, std::byte{2}, std::byte{0x12}, std::byte{3},
                        std::byte{0x13}, std::byte{4}, std::byte{0x14}});
    Random random(3);
    for (size_t size = 0; size < 70; ++size)
        for (const size_t width : {2, 4}) {
            Buffer block(size);
            for (std::byte& byte : block)
                byte = static_cast<std::byte>(random.next());
            Buffer there(size);
            Buffer back(size);
            shuffle(width, block, there);
            unshuffle(width, there, back);
            CHECK(back == block);
        }
}

TEST_CASE("filter: its byte is that of the disk format, and no other is taken") {
    CHECK(encode_block_filter({}) == 0);
    CHECK(encode_block_filter({Narrow::kBf16, 0}) == 0x01);
    CHECK(encode_block_filter({Narrow::kF16, 2}) == 0x22);
    CHECK(encode_block_filter({Narrow::kNone, 4}) == 0x40);
    size_t known = 0;
    for (unsigned byte = 0; byte < 256; ++byte) {
        const Result<BlockFilter> filter = decode_block_filter(static_cast<uint8_t>(byte));
        if (filter) {
            ++known;
            CHECK(encode_block_filter(*filter) == byte);
        } else {
            CHECK(filter.error().code == Code::kEOPNOTSUPP);
        }
    }
    CHECK(known == 7);
}
