// SPDX-License-Identifier: Apache-2.0
//
// A store whose cache has a cold tier.
#include <doctest/doctest.h>

#include "base/random.h"
#include "userlib/device/ram_device.h"
#include "userlib/store/store.h"

namespace vexfs {

namespace {

constexpr size_t kPiece = 65536;
constexpr uint64_t kPieces = 256;

std::vector<std::byte> content(uint64_t piece, uint64_t version) {
    Random random(piece * 1000 + version);
    std::vector<std::byte> bytes(kPiece);
    for (std::byte& byte : bytes)
        byte = static_cast<std::byte>('a' + random.below(random.chance(1, 2) ? 2 : 6));
    return bytes;
}

// Pieces anywhere, each twice, as what is worth keeping is read.
bool reads_back(Store& store, const std::vector<uint64_t>& versions, Random& random) {
    std::vector<std::byte> room(kPiece);
    for (uint64_t count = 0; count < kPieces; ++count) {
        const uint64_t piece = random.below(kPieces);
        for (int i = 0; i < 2; ++i)
            if (!store.read(7, piece * kPiece, room) || room != content(piece, versions[piece]))
                return false;
    }
    return true;
}

} // namespace

TEST_CASE("store: what is read through the cold tier is what was written last") {
    const auto device = RamDevice::create(size_t{128} << 20).value();
    REQUIRE(format_store(*device, {}));
    StoreOptions options;
    options.cache_bytes = size_t{12} << 20;
    options.cold = {50, true, true};
    const auto store = Store::open(*device, options).value();
    std::vector<uint64_t> versions(kPieces);
    Random random(1);
    for (uint64_t round = 1; round < 5; ++round) {
        for (uint64_t piece = 0; piece < kPieces; ++piece) {
            if (round > 1 && random.chance(3, 4))
                continue;
            versions[piece] = round;
            Transaction transaction;
            transaction.write(7, piece * kPiece, content(piece, round));
            REQUIRE(store->apply(transaction));
        }
        REQUIRE(store->commit());
        CHECK(reads_back(*store, versions, random));
        CHECK(reads_back(*store, versions, random));
    }
    const BlockCache::Counts counts = store->cache_counts();
    CHECK(counts.cold.hits > kPieces / 4);
    CHECK(counts.hot.bytes + counts.cold.bytes <= options.cache_bytes);
}

} // namespace vexfs
