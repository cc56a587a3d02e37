// SPDX-License-Identifier: Apache-2.0
#include "userlib/device/device.h"

#include <array>
#include <cstring>
#include <limits>

#include <doctest/doctest.h>

#include "userlib/device/ram_device.h"

using namespace vexfs;

namespace {

constexpr uint64_t kSize = 64 * kBlockBytes;

Code code_of(const Status& status) {
    return status ? Code{0} : status.error().code;
}

} // namespace

TEST_CASE("device: an Io that breaks the rules is refused and names itself") {
    AlignedBuffer memory = AlignedBuffer::create(8 * kBlockBytes).value();
    MutableBytes buffer = memory.bytes();
    auto refused = [&](Io io) {
        Io good = whole_extent(0, buffer.first(kBlockBytes));
        std::array<Io, 2> batch{good, io};
        const Status status = check_batch(batch, kSize);
        CHECK(code_of(status) == Code::kEINVAL);
        CHECK(code_of(batch[0].status) == Code::kECANCELED);
        return code_of(batch[1].status) == Code::kEINVAL;
    };
    CHECK(refused({{0, 1}, 0, buffer.first(100), {}}));
    CHECK(refused({{0, 1}, 0, {}, {}}));
    CHECK(refused({{0, 4}, 0, buffer.subspan(512, kBlockBytes), {}}));
    CHECK(refused({{0, 4}, 512, buffer.first(kBlockBytes), {}}));
    CHECK(refused({{0, 1}, 0, buffer.first(2 * kBlockBytes), {}}));
    CHECK(refused({{0, 4}, 4 * kBlockBytes, buffer.first(kBlockBytes), {}}));
    CHECK(refused({{63, 2}, 0, buffer.first(kBlockBytes), {}}));
    CHECK(refused({{64, 1}, 0, buffer.first(kBlockBytes), {}}));
    CHECK(refused({{std::numeric_limits<uint64_t>::max(), 2}, 0, buffer.first(kBlockBytes), {}}));
    CHECK(refused({{1, std::numeric_limits<uint64_t>::max()}, 0, buffer.first(kBlockBytes), {}}));
    CHECK(refused({{0, 4},
                   std::numeric_limits<uint64_t>::max() - kBlockBytes + 1,
                   buffer.first(2 * kBlockBytes),
                   {}}));
    Io last = whole_extent(63, buffer.first(kBlockBytes));
    CHECK(check_batch({&last, 1}, kSize));
}

TEST_CASE("device: a refused batch touches nothing") {
    auto ram = RamDevice::create(kSize).value();
    AlignedBuffer memory = AlignedBuffer::create(kBlockBytes).value();
    std::memset(memory.bytes().data(), 0xab, kBlockBytes);
    std::array<Io, 2> batch{whole_extent(0, memory.bytes()), whole_extent(64, memory.bytes())};
    CHECK(code_of(ram->write(batch)) == Code::kEINVAL);
    for (std::byte byte : ram->bytes())
        REQUIRE(byte == std::byte{0});
}

TEST_CASE("device: an aligned buffer is aligned, zero and rounded up to blocks") {
    AlignedBuffer memory = AlignedBuffer::create(kBlockBytes + 1).value();
    CHECK(memory.bytes().size() == 2 * kBlockBytes);
    CHECK(reinterpret_cast<uintptr_t>(memory.bytes().data()) % kBlockBytes == 0);
    for (std::byte byte : memory.bytes())
        REQUIRE(byte == std::byte{0});
    CHECK(AlignedBuffer::create(0).value().bytes().empty());
    CHECK(AlignedBuffer::create(std::numeric_limits<size_t>::max()).error().code == Code::kENOMEM);
    CHECK(AlignedBuffer::create(size_t{1} << 60).error().code == Code::kENOMEM);
}
