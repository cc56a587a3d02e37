// SPDX-License-Identifier: Apache-2.0
#include "userlib/store/tree.h"

#include <algorithm>

#include <doctest/doctest.h>

#include "userlib/device/ram_device.h"

namespace vexfs {

namespace {

constexpr uint64_t kBlocks = 400;
constexpr size_t kNodeBytes = 512; // stored raw: LZ4 cannot save a block of one

PackedKey key_of(uint64_t i) {
    return PackedKey(Key{i, 1, 0, 0});
}

Layout small_layout() {
    Header header;
    header.device_blocks = kBlocks;
    header.log_blocks = 8;
    header.node_bytes = kNodeBytes;
    header.record_bytes = 8192;
    header.region_blocks = 64;
    header.uberblock_slots = 4;
    header.inline_bytes = 60;
    return Layout::of(header).value();
}

// A tree on a disk, without a store around it.
struct Bed {
    std::unique_ptr<RamDevice> disk = RamDevice::create(kBlocks * kBlockBytes).value();
    const Layout layout = small_layout();
    BlockCache cache{0};
    NodeReader reader{*disk, layout, cache};
    FreeMap free_map{layout, FreeMap::Policy::kLowestFirst};
    Tree tree{reader, free_map, kNodeBytes};
    uint64_t txg = 1;

    Bed() { tree.create(txg); }

    void put(uint64_t i) { REQUIRE(tree.put(key_of(i), Page(20, static_cast<std::byte>(i)))); }

    bool has(uint64_t i) {
        const auto value = tree.get(key_of(i));
        return value && value.value() == Page(20, static_cast<std::byte>(i));
    }

    Pointer write() {
        const FrozenTree frozen = tree.freeze(txg + 1);
        const WrittenTree written = write_tree(frozen, *disk, free_map, txg, 1).value();
        tree.publish(written);
        REQUIRE(free_map.write(*disk, txg));
        free_map.committed(txg++);
        return written.root;
    }

    MutableBytes page(const Pointer& pointer) {
        return disk->bytes().subspan(pointer.segments[0].first() * kBlockBytes, kNodeBytes);
    }

    // Changes a child of the root, and makes the checksums above it right again.
    template <typename Change>
    Pointer damage_child(Pointer root, size_t i, Change change) {
        NodeEditor above(page(root));
        Pointer child = above.child(i);
        change(NodeEditor(page(child)));
        child.checksum = xxh3_128(page(child), child.seed());
        above.set_child(i, child);
        root.checksum = xxh3_128(page(root), root.seed());
        return root;
    }
};

} // namespace

TEST_CASE("tree: a sibling whose fences are not what the parent says is left alone by a merge") {
    Bed bed;
    for (uint64_t i = 0; i < 38; ++i)
        bed.put(i);
    const Pointer root = bed.write();
    REQUIRE(root.level == 1);
    const NodeView above(bed.page(root));
    const PackedKey begin = above.key(1);
    const PackedKey end = above.key(2);
    const size_t children = above.count();
    // The second leaf claims the range of the first one too, and an item in it.
    const Pointer forged = bed.damage_child(root, 1, [](NodeEditor leaf) {
        leaf.edit_head().lower = PackedKey();
        while (leaf.count() > 1)
            leaf.erase(leaf.count() - 1);
        leaf.erase(0);
        leaf.insert(0, key_of(1), Page(20, std::byte{0x77}));
    });
    bed.tree.open(forged, bed.txg);
    CHECK(bed.tree.get(begin).error().code == Code::kEUCLEAN);
    // Emptying both neighbours would merge either with it.
    for (uint64_t i = 0; key_of(i) < begin; ++i)
        REQUIRE(bed.tree.erase(key_of(i)));
    for (uint64_t i = 0; i < 38; ++i)
        if (key_of(i) >= end && key_of(i) < above.key(3))
            REQUIRE(bed.tree.erase(key_of(i)));
    CHECK(children == 5);
    CHECK_FALSE(bed.tree.get(key_of(1)).value().has_value());
    CHECK(bed.tree.get(begin).error().code == Code::kEUCLEAN);
    CHECK(bed.has(37));
}

TEST_CASE("tree: what is changed while a txg is being written belongs to the next one") {
    Bed bed;
    for (uint64_t i = 0; i < 60; ++i)
        bed.put(i);
    const FrozenTree frozen = bed.tree.freeze(2);
    bed.put(100);
    REQUIRE(bed.tree.erase(key_of(7)));
    const WrittenTree written = write_tree(frozen, *bed.disk, bed.free_map, 1, 1).value();
    CHECK(bed.has(100));
    CHECK_FALSE(bed.has(7));
    bed.tree.publish(written);
    CHECK(bed.has(100));
    CHECK_FALSE(bed.has(7));
    for (uint64_t i = 0; i < 60; ++i)
        CHECK(bed.has(i) == (i != 7));
    bed.tree.open(written.root, 3);
    CHECK_FALSE(bed.has(100));
    CHECK(bed.has(7));
}

TEST_CASE("tree: what is erased gives up its nodes, in whatever order it is erased") {
    for (const bool forwards : {true, false}) {
        Bed bed;
        for (uint64_t i = 0; i < 300; ++i)
            bed.put(i);
        CHECK(bed.tree.height() == 4);
        CHECK(bed.tree.dirty_nodes() > 30);
        for (uint64_t i = 0; i < 299; ++i)
            REQUIRE(bed.tree.erase(key_of(forwards ? i : 299 - i)));
        CHECK(bed.has(forwards ? 299 : 0));
        // Merging is local: an inner node may stay with what neither neighbour had room for.
        CHECK(bed.tree.dirty_nodes() <= 3);
    }
}

} // namespace vexfs
