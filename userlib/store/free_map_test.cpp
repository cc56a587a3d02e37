// SPDX-License-Identifier: Apache-2.0
#include "userlib/store/free_map.h"

#include <algorithm>

#include <doctest/doctest.h>

#include "base/random.h"
#include "userlib/device/ram_device.h"

namespace vexfs {

namespace {

constexpr uint64_t kBlocks = 400;

Layout small_layout() {
    Header header;
    header.device_blocks = kBlocks;
    header.log_blocks = 8;
    header.node_bytes = 512;
    header.record_bytes = 8192;
    header.region_blocks = 64;
    header.uberblock_slots = 4;
    header.inline_bytes = 60;
    return Layout::of(header).value();
}

std::unique_ptr<RamDevice> device() {
    return RamDevice::create(kBlocks * kBlockBytes).value();
}

// Commits txg after txg, so that what was freed up to `txg` is out of quarantine.
FreeMap::Written commit(FreeMap& map, Device& device, uint64_t txg) {
    const FreeMap::Written written = map.write(device, txg).value();
    map.committed(txg);
    return written;
}

} // namespace

TEST_CASE("free map: nobody gets a block twice, and every block is handed out") {
    const Layout layout = small_layout();
    for (const auto policy : {FreeMap::Policy::kNextFit, FreeMap::Policy::kLowestFirst}) {
        FreeMap map(layout, policy);
        CHECK(map.free_blocks() == layout.capacity_blocks());
        std::vector<bool> taken(kBlocks, false);
        Random random(7);
        while (map.free_blocks() > 0) {
            const auto blocks =
                static_cast<uint32_t>(std::min<uint64_t>(random.between(1, 4), map.free_blocks()));
            const Segments got = map.allocate(blocks, blocks, 1).value();
            uint32_t sum = 0;
            for (const Segment segment : got) {
                REQUIRE(layout.allocatable(segment));
                sum += segment.count();
                for (uint32_t i = 0; i < segment.count(); ++i) {
                    REQUIRE_FALSE(taken[segment.first() + i]);
                    taken[segment.first() + i] = true;
                }
            }
            REQUIRE(sum == blocks);
        }
        CHECK(static_cast<uint64_t>(std::count(taken.begin(), taken.end(), true)) ==
              layout.capacity_blocks());
        CHECK(map.allocate(1, 1, 1).error().code == Code::kENOSPC);
    }
}

TEST_CASE("free map: a freed block comes back after the commit of two txgs later, not before") {
    const Layout layout = small_layout();
    const auto disk = device();
    FreeMap map(layout, FreeMap::Policy::kLowestFirst);
    const Segments all = map.allocate(static_cast<uint32_t>(map.free_blocks()), 400, 1).value();
    commit(map, *disk, 1);
    map.release(all[0], 2);
    CHECK(map.quarantined_blocks() == all[0].count());
    for (uint64_t txg = 2; txg < 2 + FreeMap::kDeferTxgs; ++txg) {
        commit(map, *disk, txg);
        CAPTURE(txg);
        CHECK(map.free_blocks() == 0);
        CHECK(map.allocate(1, 1, txg + 1).error().code == Code::kENOSPC);
        CHECK_FALSE(map.on_disk(all[0].first()));
    }
    commit(map, *disk, 2 + FreeMap::kDeferTxgs);
    CHECK(map.free_blocks() == all[0].count());
    CHECK(map.quarantined_blocks() == 0);
    CHECK(map.allocate(1, 1, 9).value()[0].first() == all[0].first());
}

TEST_CASE("free map: what was written is loaded, and holds nothing of a txg that is still open") {
    const Layout layout = small_layout();
    const auto disk = device();
    FreeMap map(layout, FreeMap::Policy::kNextFit);
    const Segments first = map.allocate(30, 30, 1).value();
    const Segments second = map.allocate(10, 10, 2).value();
    map.release(first[0], 2);
    const FreeMap::Written written = commit(map, *disk, 1);
    CHECK(written.used_blocks == 30);

    FreeMap loaded(layout, FreeMap::Policy::kNextFit);
    REQUIRE(loaded.load(*disk, written, 1));
    CHECK(loaded.used_on_disk() == 30);
    CHECK(loaded.free_blocks() == layout.capacity_blocks() - 30);
    CHECK(loaded.on_disk(first[0].first()));
    CHECK_FALSE(loaded.on_disk(second[0].first()));

    const FreeMap::Written next = commit(map, *disk, 2);
    REQUIRE(loaded.load(*disk, next, 2));
    CHECK_FALSE(loaded.on_disk(first[0].first()));
    CHECK(loaded.on_disk(second[0].first()));
    // The map of the commit before lies in the other slots and is whole.
    REQUIRE(loaded.load(*disk, written, 1));
    CHECK(loaded.on_disk(first[0].first()));
}

TEST_CASE("free map: a bit that flips in summary or bitmap is noticed") {
    const Layout layout = small_layout();
    const auto disk = device();
    FreeMap map(layout, FreeMap::Policy::kNextFit);
    REQUIRE(map.allocate(100, 100, 1));
    const FreeMap::Written written = commit(map, *disk, 1);
    FreeMap loaded(layout, FreeMap::Policy::kNextFit);
    const uint64_t summary = layout.summary_start(written.summary_slot);
    for (const uint64_t block : {summary, layout.region_start(0), layout.region_start(1),
                                 layout.region_start(0) + 1, layout.region_start(1) + 1}) {
        CAPTURE(block);
        std::byte& byte = disk->bytes()[block * kBlockBytes + 3];
        byte ^= std::byte{4};
        const Status status = loaded.load(*disk, written, 1);
        // The slot that is not in force may hold anything.
        const bool in_force = block == summary || !status;
        CHECK((!in_force || status.error().code == Code::kEBADMSG));
        byte ^= std::byte{4};
        CHECK(loaded.load(*disk, written, 1));
    }
    CHECK(loaded.load(*disk, written, 2).error().code == Code::kEBADMSG);
    FreeMap::Written wrong = written;
    ++wrong.used_blocks;
    CHECK(loaded.load(*disk, wrong, 1).error().code == Code::kEUCLEAN);
}

TEST_CASE("free map: a volume in splinters still gives a piece for each block asked for") {
    const Layout layout = small_layout();
    const auto disk = device();
    FreeMap map(layout, FreeMap::Policy::kLowestFirst);
    std::vector<Segment> singles;
    while (map.free_blocks() > 0)
        singles.push_back(map.allocate(1, 1, 1).value()[0]);
    for (size_t i = 0; i < singles.size(); i += 2)
        map.release(singles[i], 1);
    for (uint64_t txg = 1; txg <= 1 + FreeMap::kDeferTxgs; ++txg)
        commit(map, *disk, txg);
    const Segments pieces = map.allocate(16, 16, 9).value();
    CHECK(pieces.size() == 16);
    for (const Segment piece : pieces)
        CHECK(piece.count() == 1);
}

TEST_CASE("free map: two owners of one block are refused") {
    const Layout layout = small_layout();
    FreeMap map(layout, FreeMap::Policy::kLowestFirst);
    const uint64_t block = layout.region_start(0) + 5;
    REQUIRE(map.mark(Segment::of(block, 3)));
    CHECK(map.mark(Segment::of(block + 2, 2)).error().code == Code::kEUCLEAN);
    CHECK(map.used_on_disk() == 3);
    CHECK(map.free_blocks() == layout.capacity_blocks() - 3);
}

TEST_CASE("free map: a block that two pointers of a volume free is an error of the commit") {
    const Layout layout = small_layout();
    const auto disk = device();
    FreeMap map(layout, FreeMap::Policy::kLowestFirst);
    const Segment segment = map.allocate(2, 1, 1).value().front();
    commit(map, *disk, 1);
    map.release(segment, 2);
    map.release(Segment::of(segment.first() + 1, 1), 2);
    CHECK(map.write(*disk, 2).error().code == Code::kEUCLEAN);
}

} // namespace vexfs
