// SPDX-License-Identifier: Apache-2.0
#include "userlib/device/ram_device.h"

#include <cstring>
#include <vector>

#include <doctest/doctest.h>

#include "base/random.h"

using namespace vexfs;

TEST_CASE("ram: what a batch wrote is what a batch reads") {
    constexpr uint64_t kBlocks = 256;
    auto ram = RamDevice::create(kBlocks * kBlockBytes).value();
    AlignedBuffer wanted = AlignedBuffer::create(kBlocks * kBlockBytes).value();
    AlignedBuffer got = AlignedBuffer::create(kBlocks * kBlockBytes).value();
    Random random(7);
    for (std::byte& byte : wanted.bytes())
        byte = static_cast<std::byte>(random.next());

    std::vector<Io> writes;
    std::vector<Io> reads;
    for (uint64_t block = 0; block < kBlocks; ++block) {
        const size_t at = block * kBlockBytes;
        const ExtentRef extent{block / 16 * 16, 16};
        const uint64_t offset = block % 16 * kBlockBytes;
        writes.push_back({extent, offset, wanted.bytes().subspan(at, kBlockBytes), {}});
        reads.push_back({extent, offset, got.bytes().subspan(at, kBlockBytes), {}});
    }
    random.shuffle(std::span(writes));
    REQUIRE(ram->write(writes));
    REQUIRE(ram->flush());
    REQUIRE(ram->read(reads));
    CHECK(std::memcmp(wanted.bytes().data(), got.bytes().data(), wanted.bytes().size()) == 0);
    CHECK(std::memcmp(wanted.bytes().data(), ram->bytes().data(), wanted.bytes().size()) == 0);
}

TEST_CASE("ram: a size that is no whole number of blocks is refused") {
    CHECK(RamDevice::create(0).error().code == Code::kEINVAL);
    CHECK(RamDevice::create(kBlockBytes + 512).error().code == Code::kEINVAL);
    CHECK(RamDevice::create(uint64_t{1} << 63).error().code == Code::kENOMEM);
    CHECK(RamDevice::create(kBlockBytes).value()->geometry().size_blocks() == 1);
}
