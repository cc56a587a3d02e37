// SPDX-License-Identifier: Apache-2.0
#include "userlib/device/record_device.h"

#include <array>
#include <cstring>

#include <doctest/doctest.h>

#include "base/random.h"
#include "userlib/device/ram_device.h"

using namespace vexfs;

namespace {

// A child whose flush or write fails on demand.
class StubbornDevice final : public Device {
  public:
    explicit StubbornDevice(Device& child) : child_(child) {}
    Status read(std::span<Io> batch) override { return child_.read(batch); }
    Status write(std::span<Io> batch) override {
        return refuse ? fail(Code::kEIO, "stubborn: write") : child_.write(batch);
    }
    Status flush() override { return refuse ? fail(Code::kEIO, "stubborn: flush") : ok(); }
    [[nodiscard]] Geometry geometry() const override { return child_.geometry(); }
    [[nodiscard]] std::string identity() const override { return "stubborn"; }

    bool refuse = false;

  private:
    Device& child_;
};

} // namespace

TEST_CASE("record: landing all records on an empty image gives the device's bytes") {
    constexpr uint64_t kBlocks = 64;
    auto ram = RamDevice::create(kBlocks * kBlockBytes).value();
    RecordDevice device(*ram);
    AlignedBuffer memory = AlignedBuffer::create(4 * kBlockBytes).value();
    Random random(3);
    for (int round = 0; round < 200; ++round) {
        const uint64_t blocks = random.between(1, 4);
        for (std::byte& byte : memory.bytes())
            byte = static_cast<std::byte>(random.next());
        REQUIRE(device.write_one(
            whole_extent(random.below(kBlocks - 4), memory.bytes().first(blocks * kBlockBytes))));
        if (random.chance(1, 5))
            REQUIRE(device.flush());
    }
    auto whole = RamDevice::create(kBlocks * kBlockBytes).value();
    auto by_sector = RamDevice::create(kBlocks * kBlockBytes).value();
    for (const DeviceRecord& record : device.records()) {
        land(record, whole->bytes());
        for (size_t sector = record.data.size() / kSectorBytes; sector > 0; --sector)
            land_sector(record, sector - 1, by_sector->bytes());
    }
    CHECK(std::memcmp(whole->bytes().data(), ram->bytes().data(), ram->bytes().size()) == 0);
    CHECK(std::memcmp(by_sector->bytes().data(), ram->bytes().data(), ram->bytes().size()) == 0);
}

TEST_CASE("record: a flush makes durable what was written before it and no more") {
    auto ram = RamDevice::create(8 * kBlockBytes).value();
    RecordDevice device(*ram);
    AlignedBuffer memory = AlignedBuffer::create(kBlockBytes).value();
    const Io io = whole_extent(1, memory.bytes());
    REQUIRE(device.write_one(io));
    REQUIRE(device.write_one(io));
    REQUIRE(device.flush());
    REQUIRE(device.write_one(io));
    CHECK(device.record_count() == 4);
    CHECK(durable_records(device.records(), 2) == 0);
    CHECK(durable_records(device.records(), 3) == 2);
    CHECK(durable_records(device.records(), 4) == 2);
    device.forget();
    CHECK(device.record_count() == 0);
}

TEST_CASE("record: a failed write may have landed, a failed flush promises nothing") {
    auto ram = RamDevice::create(8 * kBlockBytes).value();
    StubbornDevice stubborn(*ram);
    RecordDevice device(stubborn);
    AlignedBuffer memory = AlignedBuffer::create(kBlockBytes).value();
    const Io io = whole_extent(1, memory.bytes());
    stubborn.refuse = true;
    CHECK(device.write_one(io).error().code == Code::kEIO);
    CHECK(device.flush().error().code == Code::kEIO);
    CHECK(device.record_count() == 1);
    CHECK(durable_records(device.records(), 1) == 0);
    Io bad = whole_extent(9, memory.bytes());
    CHECK(device.write({&bad, 1}).error().code == Code::kEINVAL);
    CHECK(device.record_count() == 1);
}
