// SPDX-License-Identifier: Apache-2.0
#include "userlib/pool/codec/block_coder.h"

#include <cstring>
#include <set>
#include <vector>

#include <doctest/doctest.h>

#include "base/random.h"

using namespace vexfs;

namespace {

using Buffer = std::vector<std::byte>;

Buffer noise(size_t size, uint64_t seed) {
    Buffer bytes(size);
    Random random(seed);
    for (std::byte& byte : bytes)
        byte = static_cast<std::byte>(random.next());
    return bytes;
}

// Words of a small vocabulary, as names and JSON have them.
Buffer text(size_t size, uint64_t seed) {
    static constexpr std::string_view kWords[] = {"vector ", "file ",      "search ",
                                                  "\"id\":", "neighbour ", "0.125,"};
    Buffer bytes;
    Random random(seed);
    while (bytes.size() < size) {
        const std::string_view word = kWords[random.below(std::size(kWords))];
        const Bytes raw = std::as_bytes(std::span(word.data(), word.size()));
        bytes.insert(bytes.end(), raw.begin(), raw.end());
    }
    bytes.resize(size);
    return bytes;
}

const Compression kAll[] = {{CodecId::kNone, 0},
                            {CodecId::kLz4, 0},
                            {CodecId::kZstd, 1},
                            {CodecId::kZstd, 3},
                            {CodecId::kZstd, 19}};

} // namespace

TEST_CASE("codec: ids are those of the disk format, and names lead back to them") {
    std::set<uint8_t> ids;
    for (const Codec& codec : codecs()) {
        CHECK(ids.insert(static_cast<uint8_t>(codec.id)).second);
        CHECK(find_codec(codec.name).value()->id == codec.id);
    }
    CHECK(find_codec(uint8_t{0}).value()->name == "none");
    CHECK(find_codec(uint8_t{1}).value()->name == "lz4");
    CHECK(find_codec(uint8_t{2}).value()->name == "zstd");
}

TEST_CASE("codec: an unknown id is refused in both directions") {
    BlockCoder coder;
    Buffer block(4096);
    for (unsigned id = 3; id < 256; ++id) {
        CHECK(find_codec(static_cast<uint8_t>(id)).error().code == Code::kEOPNOTSUPP);
        CHECK(coder.decode(static_cast<uint8_t>(id), block, block).error().code ==
              Code::kEOPNOTSUPP);
    }
    Buffer large(65536);
    CHECK(coder.encode({static_cast<CodecId>(9), 0}, large, large).error().code ==
          Code::kEOPNOTSUPP);
}

TEST_CASE("codec: text shrinks by whole blocks and comes back the same") {
    BlockCoder coder;
    for (const Compression& compression : kAll)
        for (size_t size :
             {size_t{8192}, size_t{8193}, size_t{16384}, size_t{65536}, size_t{1} << 20}) {
            CAPTURE(to_string(compression));
            CAPTURE(size);
            const Buffer block = text(size, size);
            Buffer room(worthwhile_size(size));
            const Coded coded = coder.encode(compression, block, room).value();
            CHECK(coded.codec == compression.codec);
            if (compression.codec == CodecId::kNone) {
                CHECK(coded.size_bytes == size);
                continue;
            }
            CHECK(div_ceil<size_t>(coded.size_bytes, 4096) < div_ceil<size_t>(size, 4096));
            Buffer back(size);
            REQUIRE(coder.decode(static_cast<uint8_t>(coded.codec),
                                 Bytes(room).first(coded.size_bytes), back));
            CHECK(back == block);
        }
}

TEST_CASE("codec: noise stays raw") {
    BlockCoder coder;
    for (const Compression& compression : kAll)
        for (size_t size : {size_t{8192}, size_t{16384}, size_t{65536}}) {
            const Buffer block = noise(size, size);
            Buffer room(worthwhile_size(size));
            const Coded coded = coder.encode(compression, block, room).value();
            CHECK(coded.codec == CodecId::kNone);
            CHECK(coded.size_bytes == size);
        }
}

TEST_CASE("codec: a saving below one 4 KiB block or a sixteenth is not worth it") {
    CHECK(worthwhile_size(0) == 0);
    CHECK(worthwhile_size(4096) == 0);
    CHECK(worthwhile_size(4097) == 4097 - 256);
    CHECK(worthwhile_size(16384) == 12288);
    CHECK(worthwhile_size(65536) == 61440);
    CHECK(worthwhile_size(131072) == 122880);

    // 16 KiB of which only the last eighth compresses: 2 KiB saved is no block saved.
    BlockCoder coder;
    Buffer block = noise(16384, 3);
    std::memset(block.data() + 14336, 0, 2048);
    Buffer room(worthwhile_size(block.size()));
    CHECK(coder.encode({CodecId::kLz4, 0}, block, room).value().codec == CodecId::kNone);
    // The last half is zero and the head is text: two blocks saved.
    const Buffer head = text(4096, 5);
    std::memcpy(block.data(), head.data(), head.size());
    std::memset(block.data() + 8192, 0, 8192);
    CHECK(coder.encode({CodecId::kLz4, 0}, block, room).value().codec == CodecId::kLz4);
}

TEST_CASE("codec: a large block whose head is noise is left raw after the sample") {
    BlockCoder coder;
    Buffer block = text(65536, 1);
    const Buffer head = noise(4096, 2);
    std::memcpy(block.data(), head.data(), head.size());
    Buffer room(worthwhile_size(block.size()));
    for (const Compression& compression : kAll)
        CHECK(coder.encode(compression, block, room).value().codec == CodecId::kNone);
}

TEST_CASE("codec: a wrong length on either side is an error") {
    BlockCoder coder;
    const Buffer block = text(65536, 11);
    for (const Compression& compression : kAll) {
        if (compression.codec == CodecId::kNone)
            continue;
        CAPTURE(to_string(compression));
        Buffer room(worthwhile_size(block.size()));
        const Coded coded = coder.encode(compression, block, room).value();
        const uint8_t id = static_cast<uint8_t>(coded.codec);
        // Buffers of the exact size, so that the address sanitizer sees a byte too far.
        const Buffer exact(room.begin(), room.begin() + static_cast<ptrdiff_t>(coded.size_bytes));
        for (size_t size :
             {size_t{0}, size_t{1}, block.size() - 1, block.size() + 1, 2 * block.size()}) {
            Buffer back(size);
            CHECK(coder.decode(id, exact, back).error().code == Code::kEUCLEAN);
        }
        Buffer back(block.size());
        for (size_t size : {size_t{0}, size_t{1}, size_t{5}, exact.size() / 2, exact.size() - 1}) {
            const Buffer part(exact.begin(), exact.begin() + static_cast<ptrdiff_t>(size));
            CHECK(coder.decode(id, part, back).error().code == Code::kEUCLEAN);
        }
        Buffer longer = exact;
        longer.push_back(std::byte{0});
        CHECK(coder.decode(id, longer, back).error().code == Code::kEUCLEAN);
    }
    Buffer raw(4096);
    Buffer other(8192);
    CHECK(coder.decode(0, raw, other).error().code == Code::kEUCLEAN);
}

TEST_CASE("codec: a zstd frame with a second frame behind it is refused") {
    BlockCoder coder;
    const Buffer block = text(16384, 21);
    Buffer room(worthwhile_size(block.size()));
    const Coded coded = coder.encode({CodecId::kZstd, 3}, block, room).value();
    Buffer twice(room.begin(), room.begin() + static_cast<ptrdiff_t>(coded.size_bytes));
    // A frame that decoders skip: magic 0x184d2a50, length 0.
    for (unsigned char byte : {0x50, 0x2a, 0x4d, 0x18, 0, 0, 0, 0})
        twice.push_back(std::byte{byte});
    Buffer back(block.size());
    CHECK(coder.decode(2, twice, back).error().code == Code::kEUCLEAN);
}

TEST_CASE("codec: damaged blocks never reach outside the buffers") {
    BlockCoder coder;
    Random random(99);
    for (const Compression& compression : kAll) {
        const Buffer block = text(16384, 31);
        Buffer room(worthwhile_size(block.size()));
        const Coded coded = coder.encode(compression, block, room).value();
        if (coded.codec == CodecId::kNone)
            continue;
        for (int round = 0; round < 2000; ++round) {
            Buffer damaged(room.begin(), room.begin() + static_cast<ptrdiff_t>(coded.size_bytes));
            for (uint64_t flips = random.between(1, 8); flips > 0; --flips)
                damaged[random.below(damaged.size())] ^=
                    static_cast<std::byte>(1u << random.below(8));
            Buffer back(random.chance(1, 2) ? block.size() : random.between(1, 20000));
            const Status status = coder.decode(static_cast<uint8_t>(coded.codec), damaged, back);
            if (!status)
                CHECK(status.error().code == Code::kEUCLEAN);
        }
    }
}

TEST_CASE("codec: the same block gives the same bytes whatever was coded before") {
    BlockCoder used;
    for (const Compression& compression : kAll) {
        for (uint64_t seed = 0; seed < 3; ++seed) {
            const Buffer other = text(65536, seed);
            Buffer room(worthwhile_size(other.size()));
            REQUIRE(used.encode(compression, other, room));
        }
        BlockCoder unused;
        const Buffer block = text(32768, 77);
        Buffer one(worthwhile_size(block.size()));
        Buffer two(worthwhile_size(block.size()));
        REQUIRE(used.encode(compression, block, one).value().size_bytes ==
                unused.encode(compression, block, two).value().size_bytes);
        CHECK(one == two);
    }
}

TEST_CASE("codec: compression is named as operators write it") {
    CHECK(parse_compression("lz4").value() == Compression{CodecId::kLz4, 0});
    CHECK(parse_compression("none").value() == Compression{CodecId::kNone, 0});
    CHECK(parse_compression("zstd").value() == Compression{CodecId::kZstd, 3});
    CHECK(parse_compression("zstd:19").value() == Compression{CodecId::kZstd, 19});
    for (const char* text : {"none", "lz4", "zstd", "zstd:1", "zstd:19"})
        CHECK(to_string(parse_compression(text).value()) == text);
    for (const char* text :
         {"zstd:", "zstd:0", "zstd:20", "zstd:3x", "zstd:-1", "lz4:1", "none:0"}) {
        CAPTURE(text);
        CHECK(parse_compression(text).error().code == Code::kEINVAL);
    }
    for (const char* text : {"", "gzip", "LZ4", "zstd3"})
        CHECK(parse_compression(text).error().code == Code::kEOPNOTSUPP);
}

TEST_CASE("codec: too small a room and too large a block are refused") {
    BlockCoder coder;
    Buffer block(65536);
    Buffer room(worthwhile_size(block.size()) - 1);
    CHECK(coder.encode({CodecId::kLz4, 0}, block, room).error().code == Code::kEINVAL);
    CHECK(coder.encode({CodecId::kZstd, 0}, block, block).error().code == Code::kEINVAL);
    Buffer huge(kCodecBlockBytesMax + 1);
    CHECK(coder.encode({CodecId::kLz4, 0}, huge, huge).error().code == Code::kEINVAL);
    CHECK(coder.decode(1, huge, room).error().code == Code::kEUCLEAN);
}

TEST_CASE("codec: numbers are narrowed and shuffled where that pays, and come back the same") {
    BlockCoder coder;
    Random random(8);
    const auto numbers = [&](size_t count, auto make) {
        Buffer block(count * 4);
        for (size_t i = 0; i < count; ++i) {
            const float value = make();
            std::memcpy(block.data() + 4 * i, &value, 4);
        }
        return block;
    };
    const Buffer small = numbers(16384, [&] { return static_cast<float>(random.below(200)); });
    const Buffer normal = numbers(16384, [&] { return static_cast<float>(random.normal()); });
    const Buffer odd = Buffer(small.begin(), small.end() - 3);
    const Compression lz4{CodecId::kLz4, 0};
    const Compression off{CodecId::kNone, 0};
    const struct {
        const Buffer& block;
        Compression compression;
        BlockForm form;
        CodecId codec;
        BlockFilter filter;
        double share; // of the block, at most
    } cases[] = {
        {small, lz4, {Numbers::kF32, true}, CodecId::kNone, {Narrow::kBf16, 0}, 0.5},
        {odd, lz4, {Numbers::kF32, true}, CodecId::kNone, {Narrow::kBf16, 0}, 0.501},
        {small, lz4, {Numbers::kF32, false}, CodecId::kLz4, {Narrow::kBf16, 2}, 0.45},
        {small, off, {Numbers::kF32, false}, CodecId::kNone, {Narrow::kBf16, 0}, 0.5},
        {normal, lz4, {Numbers::kF32, true}, CodecId::kNone, {}, 1},
        {normal, lz4, {Numbers::kF32, false}, CodecId::kLz4, {Narrow::kNone, 4}, 0.94},
        {normal,
         {CodecId::kZstd, 3},
         {Numbers::kF32, false},
         CodecId::kZstd,
         {Narrow::kNone, 4},
         0.92},
        {normal, off, {Numbers::kF32, false}, CodecId::kNone, {}, 1},
        {normal,
         {CodecId::kZstd, 1},
         {Numbers::kTwoBytes, false},
         CodecId::kZstd,
         {Narrow::kNone, 2},
         0.95},
    };
    for (const auto& one : cases) {
        CAPTURE(static_cast<int>(one.codec));
        CAPTURE(one.share);
        Buffer room(worthwhile_size(one.block.size()));
        const Coded coded = coder.encode(one.compression, one.form, one.block, room).value();
        CHECK(coded.codec == one.codec);
        CHECK(coded.filter == one.filter);
        CHECK(static_cast<double>(coded.size_bytes) <=
              one.share * static_cast<double>(one.block.size()));
        const Buffer encoded =
            coded.is_raw()
                ? one.block
                : Buffer(room.begin(), room.begin() + static_cast<ptrdiff_t>(coded.size_bytes));
        Buffer back(one.block.size());
        REQUIRE(coder.decode(static_cast<uint8_t>(coded.codec), coded.filter, encoded, back));
        CHECK(back == one.block);
        Buffer other(one.block.size() + 8);
        CHECK_FALSE(coder.decode(static_cast<uint8_t>(coded.codec), coded.filter, encoded, other));
    }
    Buffer room(worthwhile_size(normal.size()));
    CHECK_FALSE(coder.encode({CodecId::kZstd, 77}, {Numbers::kF32, false}, normal, room));
}
