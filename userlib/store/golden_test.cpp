// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <algorithm>

#include "userlib/device/ram_device.h"
#include "userlib/store/check.h"
#include "userlib/store/golden_volume.h"

namespace vexfs {

namespace {

constexpr uint64_t kGoldenBlocks = 112;

// What the golden volume holds: the worked example of FORMAT.md.
void fill(Device& device) {
    FormatOptions format;
    format.volume_id = {0xc0, 0xff, 0xee};
    format.label = "golden";
    format.node_bytes = 512;
    format.record_bytes = 8192;
    format.region_blocks = 64;
    format.uberblock_slots = 4;
    format.log_blocks = 4;
    format.inline_bytes = 32;
    REQUIRE(format_store(device, format));
    StoreOptions options;
    options.slop_blocks_min = 8;
    options.policy = FreeMap::Policy::kLowestFirst;
    options.compression = {CodecId::kNone, 0}; // an encoder may change, the format must not
    const auto store = Store::open(device, options);
    REQUIRE(store);
    const std::string hello = "hello";
    const std::string text(6000, 'v');
    Transaction transaction;
    transaction.put(Key{7, 1, 2, 3}, std::as_bytes(std::span(hello)));
    transaction.write(7, 0, std::as_bytes(std::span(hello)));
    transaction.write(8, 8192, std::as_bytes(std::span(text)));
    REQUIRE((*store)->apply(transaction));
    REQUIRE((*store)->commit());
    Transaction logged;
    logged.put(Key{9, 1, 0, 0}, std::as_bytes(std::span(hello)));
    REQUIRE((*store)->apply(logged));
    REQUIRE((*store)->sync());
}

std::unique_ptr<RamDevice> golden() {
    auto device = RamDevice::create(kGoldenBlocks * kBlockBytes).value();
    REQUIRE(BlockCoder().decode(static_cast<uint8_t>(CodecId::kZstd),
                                std::as_bytes(std::span(kGoldenVolume)), device->bytes()));
    return device;
}

} // namespace

TEST_CASE("golden: the volume of version 1 opens, is sound and holds what it held") {
    const auto device = golden();
    StoreOptions options;
    options.slop_blocks_min = 8;
    const auto store = Store::open(*device, options);
    REQUIRE(store);
    CHECK(check(**store).clean());
    const std::string hello = "hello";
    for (const Key& key : {Key{7, 1, 2, 3}, Key{9, 1, 0, 0}}) {
        const auto value = (*store)->get(key);
        REQUIRE(value);
        REQUIRE(value.value());
        CHECK(std::equal(value.value()->begin(), value.value()->end(),
                         std::as_bytes(std::span(hello)).begin()));
    }
    std::vector<std::byte> text(6001);
    REQUIRE((*store)->read(8, 8192, text));
    CHECK(std::count(text.begin(), text.end(), std::byte{'v'}) == 6000);
}

TEST_CASE("golden: the same operations make the same bytes as when the version was released") {
    const auto expected = golden();
    const auto device = RamDevice::create(kGoldenBlocks * kBlockBytes).value();
    fill(*device);
    for (uint64_t at = 0; at < device->bytes().size(); ++at) {
        CAPTURE(at);
        REQUIRE(device->bytes()[at] == expected->bytes()[at]);
    }
}

} // namespace vexfs
