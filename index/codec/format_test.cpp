// SPDX-License-Identifier: Apache-2.0
#include "index/codec/format.h"

#include <doctest/doctest.h>

#include <cstring>
#include <span>
#include <vector>

#include "base/checksum.h"
#include "base/random.h"
#include "index/codec/train.h"

using namespace vexfs;
using namespace vexfs::index;

namespace {

std::vector<std::byte> trained_bytes(Metric metric, CodecKind kind) {
    Random random(4);
    std::vector<float> rows(100 * 20);
    for (float& value : rows)
        value = static_cast<float>(random.normal());
    TrainOptions options;
    options.generation = 77;
    options.kind = kind;
    const TrainingTable table{
        Element::kF32, metric, 20, std::as_bytes(std::span(rows)).data(), 80, 100};
    return codec_bytes(train_codec(table, options).value().codec.parameters());
}

void seal(std::vector<std::byte>& bytes) {
    store_le<uint64_t>(bytes.data() + bytes.size() - 8,
                       xxh3_64(Bytes(bytes).first(bytes.size() - 8)));
}

} // namespace

TEST_CASE("codec format: what is written is read back, bit for bit") {
    for (Metric metric : {Metric::kL2, Metric::kCosine, Metric::kDot}) {
        for (CodecKind kind : {CodecKind::kLearned, CodecKind::kPlain}) {
            const std::vector<std::byte> bytes = trained_bytes(metric, kind);
            const CodecParameters read = parse_codec(bytes).value();
            CHECK(read.generation == 77);
            CHECK(read.metric == metric);
            CHECK(read.kind == kind);
            CHECK(codec_bytes(read) == bytes);
        }
    }
}

TEST_CASE("codec format: the header stands where the table says") {
    const std::vector<std::byte> bytes = trained_bytes(Metric::kDot, CodecKind::kLearned);
    CHECK(std::memcmp(bytes.data(), "VXCODEC", 8) == 0);
    CHECK(load_le<uint32_t>(bytes.data() + 8) == 1);
    CHECK(load_le<uint32_t>(bytes.data() + 12) == 77);
    CHECK(bytes[16] == std::byte{1});
    CHECK(bytes[17] == std::byte{3});
    CHECK(load_le<uint32_t>(bytes.data() + 20) == 20);
    CHECK(load_le<uint32_t>(bytes.data() + 24) == 64);
    CHECK(load_le<uint32_t>(bytes.data() + 28) == 8);
    CHECK(bytes.size() == 72 + 4 * (20 + 20 * 64) + 8);
}

TEST_CASE("codec format: a shorter or longer buffer and any flipped bit are refused") {
    const std::vector<std::byte> bytes = trained_bytes(Metric::kL2, CodecKind::kPlain);
    for (size_t size = 0; size < bytes.size(); ++size)
        CHECK_FALSE(parse_codec(Bytes(bytes).first(size)).has_value());
    std::vector<std::byte> longer = bytes;
    longer.resize(bytes.size() + 4);
    seal(longer);
    CHECK_FALSE(parse_codec(longer).has_value());
    for (size_t bit = 0; bit < bytes.size() * 8; ++bit) {
        std::vector<std::byte> flipped = bytes;
        flipped[bit / 8] ^= std::byte{1} << bit % 8;
        CHECK_FALSE(parse_codec(flipped).has_value());
    }
}

TEST_CASE("codec format: fields out of range are refused though the checksum is right") {
    const std::vector<std::byte> bytes = trained_bytes(Metric::kL2, CodecKind::kLearned);
    struct Case {
        size_t offset;
        uint32_t value;
        Code code;
    };
    const Case cases[] = {
        {0, 0, Code::kEUCLEAN},
        {8, 2, Code::kEOPNOTSUPP},
        {16, 0x00010106, Code::kEUCLEAN}, // bits go with hamming only
        {16, 0x00010109, Code::kEUCLEAN},
        {16, 0x00030101, Code::kEUCLEAN},
        {16, 0x01010101, Code::kEUCLEAN},
        {20, 0, Code::kEUCLEAN},
        {20, 21, Code::kEUCLEAN},
        {20, 0xffffffff, Code::kEUCLEAN},
        {24, 65, Code::kEUCLEAN},
        {24, 2048, Code::kEUCLEAN},
        {28, 7, Code::kEUCLEAN},
        {32, 1, Code::kEUCLEAN},
        {36, 0x7f800000, Code::kEUCLEAN},
        {40, 0, Code::kEUCLEAN},
        {40, 0x7fc00000, Code::kEUCLEAN},
        {52, 0x40000000, Code::kEUCLEAN},
        {56, 0x7fc00000, Code::kEUCLEAN},
        {68, 1, Code::kEUCLEAN},
        {72, 0x7f800000, Code::kEUCLEAN},
        // A lane where records keep their bias.
        {72 + 4 * (20 + 60), 0x3f800000, Code::kEUCLEAN},
    };
    for (const Case& damage : cases) {
        std::vector<std::byte> damaged = bytes;
        store_le<uint32_t>(damaged.data() + damage.offset, damage.value);
        seal(damaged);
        CAPTURE(damage.offset);
        CAPTURE(damage.value);
        const Result<CodecParameters> parsed = parse_codec(damaged);
        REQUIRE_FALSE(parsed.has_value());
        CHECK(parsed.error().code == damage.code);
    }
}
