// SPDX-License-Identifier: Apache-2.0
#include "userlib/device/stats_device.h"

#include <array>
#include <memory>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include "userlib/device/ram_device.h"

using namespace vexfs;

TEST_CASE("stats: calls, Ios, bytes and failures are counted apart for each op") {
    auto ram = RamDevice::create(8 * kBlockBytes).value();
    auto device = std::make_unique<StatsDevice>(*ram);
    AlignedBuffer memory = AlignedBuffer::create(2 * kBlockBytes).value();
    const MutableBytes one = memory.bytes().first(kBlockBytes);
    std::array<Io, 2> batch{whole_extent(0, one), whole_extent(4, memory.bytes())};
    REQUIRE(device->write(batch));
    REQUIRE(device->read(batch));
    REQUIRE(device->read_one(whole_extent(7, one)));
    CHECK(!device->read_one(whole_extent(8, one)));
    REQUIRE(device->flush());

    const DeviceStats stats = device->stats();
    CHECK(stats.write.latency_ns.count() == 1);
    CHECK(stats.write.ios == 2);
    CHECK(stats.write.bytes == 3 * kBlockBytes);
    CHECK(stats.write.failed_ios == 0);
    CHECK(stats.read.latency_ns.count() == 3);
    CHECK(stats.read.ios == 4);
    CHECK(stats.read.bytes == 4 * kBlockBytes);
    CHECK(stats.read.failed_ios == 1);
    CHECK(stats.flush.latency_ns.count() == 1);
    CHECK(stats.read.latency_ns.max() > 0);

    device->reset();
    CHECK(device->stats().read.ios == 0);
    CHECK(device->stats().read.latency_ns.count() == 0);
}

TEST_CASE("stats: several threads lose no count") {
    auto ram = RamDevice::create(8 * kBlockBytes).value();
    auto device = std::make_unique<StatsDevice>(*ram);
    std::vector<std::thread> threads;
    for (uint64_t id = 0; id < 4; ++id)
        threads.emplace_back([&device, id] {
            AlignedBuffer memory = AlignedBuffer::create(kBlockBytes).value();
            for (int i = 0; i < 2000; ++i)
                VEXFS_ASSERT(device->write_one(whole_extent(id, memory.bytes())));
        });
    for (std::thread& thread : threads)
        thread.join();
    CHECK(device->stats().write.ios == 8000);
    CHECK(device->stats().write.latency_ns.count() == 8000);
}
