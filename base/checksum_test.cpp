// SPDX-License-Identifier: Apache-2.0
#include "base/checksum.h"

#include <string_view>
#include <vector>

#include <doctest/doctest.h>

#include "base/random.h"

using namespace vexfs;

namespace {

Bytes as_bytes(std::string_view text) {
    return std::as_bytes(std::span(text));
}

} // namespace

TEST_CASE("checksum: crc32c matches the vectors of RFC 3720") {
    CHECK(crc32c(as_bytes("123456789")) == 0xe3069283);
    std::vector<std::byte> zeros(32, std::byte{0});
    CHECK(crc32c(zeros) == 0x8a9136aa);
    std::vector<std::byte> ones(32, std::byte{0xff});
    CHECK(crc32c(ones) == 0x62a8ab43);
    CHECK(crc32c({}) == 0);
}

TEST_CASE("checksum: crc32c in pieces equals crc32c at once") {
    Random random(2);
    std::vector<std::byte> data(4096);
    for (std::byte& byte : data)
        byte = static_cast<std::byte>(random.next());
    const uint32_t whole = crc32c(data);
    for (size_t cut : {size_t{0}, size_t{1}, size_t{7}, size_t{4095}, size_t{4096}})
        CHECK(crc32c(Bytes(data).subspan(cut), crc32c(Bytes(data).first(cut))) == whole);
}

TEST_CASE("checksum: xxh3 matches the published value for no input, and the seed matters") {
    CHECK(xxh3_64({}) == 0x2d06800538d394c2);
    CHECK(xxh3_128({}) == Checksum128{0x6001c324468d497f, 0x99aa06d3014798d8});
    CHECK(xxh3_128(as_bytes("vexfs"), 1) != xxh3_128(as_bytes("vexfs"), 2));
}

TEST_CASE("checksum: one flipped bit changes both") {
    Random random(3);
    std::vector<std::byte> data(4096);
    for (std::byte& byte : data)
        byte = static_cast<std::byte>(random.next());
    const uint32_t crc = crc32c(data);
    const Checksum128 hash = xxh3_128(data);
    for (int i = 0; i < 200; ++i) {
        const size_t at = random.below(data.size());
        const auto bit = static_cast<std::byte>(1u << random.below(8));
        data[at] ^= bit;
        CHECK(crc32c(data) != crc);
        CHECK(xxh3_128(data) != hash);
        data[at] ^= bit;
    }
}
