// SPDX-License-Identifier: Apache-2.0
#include "userlib/device/part_device.h"

#include <array>
#include <cstring>

#include <doctest/doctest.h>

#include "userlib/device/ram_device.h"

using namespace vexfs;

TEST_CASE("part: a window reads and writes its own range of the child and nothing else") {
    auto ram = RamDevice::create(16 * kBlockBytes).value();
    auto part = PartDevice::create(*ram, 4 * kBlockBytes, 8 * kBlockBytes).value();
    CHECK(part->geometry().size_blocks() == 8);
    CHECK(part->identity() == "part(ram at 16384)");

    AlignedBuffer memory = AlignedBuffer::create(8 * kBlockBytes).value();
    std::memset(memory.bytes().data(), 0x5a, memory.bytes().size());
    Io write = whole_extent(0, memory.bytes());
    REQUIRE(part->write({&write, 1}));
    CHECK(write.extent.start_blocks == 0);
    for (size_t i = 0; i < ram->bytes().size(); ++i)
        REQUIRE((ram->bytes()[i] == std::byte{0x5a}) ==
                (i / kBlockBytes >= 4 && i / kBlockBytes < 12));

    ram->bytes()[5 * kBlockBytes] = std::byte{1};
    AlignedBuffer one = AlignedBuffer::create(kBlockBytes).value();
    REQUIRE(part->read_one(whole_extent(1, one.bytes())));
    CHECK(one.bytes()[0] == std::byte{1});
    CHECK(part->read_one(whole_extent(8, one.bytes())).error().code == Code::kEINVAL);
}

TEST_CASE("part: a window that is not inside the child is refused") {
    auto ram = RamDevice::create(16 * kBlockBytes).value();
    CHECK(PartDevice::create(*ram, 0, 17 * kBlockBytes).error().code == Code::kEINVAL);
    CHECK(PartDevice::create(*ram, 16 * kBlockBytes, kBlockBytes).error().code == Code::kEINVAL);
    CHECK(PartDevice::create(*ram, ~uint64_t{4095}, 2 * kBlockBytes).error().code == Code::kEINVAL);
    CHECK(PartDevice::create(*ram, 512, kBlockBytes).error().code == Code::kEINVAL);
    CHECK(PartDevice::create(*ram, 0, 0).error().code == Code::kEINVAL);
    CHECK(PartDevice::create(*ram, 15 * kBlockBytes, kBlockBytes));
}
