// SPDX-License-Identifier: Apache-2.0
#include "base/bytes.h"

#include <array>
#include <vector>

#include <doctest/doctest.h>

#include "base/random.h"

using namespace vexfs;

TEST_CASE("bytes: integers keep their order of bytes at any alignment") {
    std::array<std::byte, 16> buffer{};
    for (size_t offset = 0; offset < 8; ++offset) {
        store_le<uint64_t>(&buffer[offset], 0x0102030405060708);
        CHECK(buffer[offset] == std::byte{8});
        CHECK(load_le<uint64_t>(&buffer[offset]) == 0x0102030405060708);
        store_be<uint64_t>(&buffer[offset], 0x0102030405060708);
        CHECK(buffer[offset] == std::byte{1});
        CHECK(load_be<uint64_t>(&buffer[offset]) == 0x0102030405060708);
        store_be<uint16_t>(&buffer[offset], 0xabcd);
        CHECK(load_le<uint16_t>(&buffer[offset]) == 0xcdab);
    }
}

TEST_CASE("bytes: big-endian keys sort as numbers do") {
    Random random(1);
    for (int i = 0; i < 1000; ++i) {
        const uint64_t a = random.next() >> random.below(64);
        const uint64_t b = random.next() >> random.below(64);
        std::array<std::byte, 8> x{}, y{};
        store_be<uint64_t>(x.data(), a);
        store_be<uint64_t>(y.data(), b);
        CHECK((std::memcmp(x.data(), y.data(), 8) < 0) == (a < b));
    }
}

TEST_CASE("bytes: a reader never passes the end") {
    std::vector<std::byte> buffer(7);
    ByteReader reader(buffer);
    CHECK(reader.le<uint32_t>().has_value());
    CHECK(reader.le<uint32_t>().error().code == Code::kEBADMSG);
    CHECK(reader.remaining() == 3);
    CHECK(reader.take(SIZE_MAX).error().code == Code::kEBADMSG);
    CHECK(reader.take(3).has_value());
    CHECK(reader.take(0).has_value());
    CHECK(reader.le<uint8_t>().error().code == Code::kEBADMSG);
}

TEST_CASE("bytes: a writer stops at the end and leaves the rest alone") {
    std::vector<std::byte> buffer(5, std::byte{0xee});
    ByteWriter writer(MutableBytes(buffer).first(4));
    CHECK(writer.le<uint32_t>(0).has_value());
    CHECK(writer.le<uint8_t>(1).error().code == Code::kEMSGSIZE);
    CHECK(writer.zeros(1).error().code == Code::kEMSGSIZE);
    CHECK(buffer[4] == std::byte{0xee});
}

TEST_CASE("bytes: what a writer wrote a reader reads") {
    struct Pair {
        uint32_t first;
        uint32_t second;
    };
    std::vector<std::byte> buffer(64);
    ByteWriter writer(buffer);
    CHECK(writer.be<uint16_t>(7).has_value());
    CHECK(writer.object(Pair{1, 2}).has_value());
    CHECK(writer.zeros(3).has_value());
    ByteReader reader(Bytes(buffer).first(writer.position()));
    CHECK(reader.be<uint16_t>().value() == 7);
    CHECK(reader.object<Pair>().value().second == 2);
    CHECK(reader.skip(3).has_value());
    CHECK(reader.remaining() == 0);
}

TEST_CASE("bytes: checked arithmetic sees every overflow") {
    uint32_t result = 0;
    CHECK(checked_add<uint32_t>(UINT32_MAX, 0, result));
    CHECK_FALSE(checked_add<uint32_t>(UINT32_MAX, 1, result));
    CHECK(checked_mul<uint32_t>(65536, 65535, result));
    CHECK_FALSE(checked_mul<uint32_t>(65536, 65536, result));
    CHECK(round_up<uint64_t>(0, 4096) == 0);
    CHECK(round_up<uint64_t>(4097, 4096) == 8192);
    CHECK(div_ceil<uint64_t>(UINT64_MAX, 2) == (uint64_t{1} << 63));
}
