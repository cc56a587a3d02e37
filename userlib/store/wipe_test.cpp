// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include <doctest/doctest.h>

#include "userlib/store/block_buffer.h"
#include "userlib/store/check.h"
#include "userlib/store/small_volume.h"

namespace vexfs {

namespace {

// Whether the bytes lie anywhere on the device.
bool holds(Device& device, Bytes needle) {
    BlockBuffer all(device.geometry().size_bytes / kBlockBytes);
    VEXFS_ASSERT(device.read_one(whole_extent(0, all.bytes())));
    const Bytes there = all.bytes();
    return std::search(there.begin(), there.end(), needle.begin(), needle.end()) != there.end();
}

Status write(Store& store, uint64_t oid, uint64_t offset, Bytes bytes) {
    Transaction transaction;
    transaction.write(oid, offset, bytes);
    return store.apply(transaction);
}

void wipe(Store& store) {
    for (uint64_t i = 0; i <= FreeMap::kDeferTxgs + 1; ++i)
        REQUIRE(store.commit());
    Wipe wipe;
    while (store.step_wipe(wipe).value())
        ;
    CHECK(wipe.position == wipe.total);
    REQUIRE(store.commit());
}

} // namespace

TEST_CASE("wipe: what was removed is nowhere: not in freed blocks, old nodes or the log") {
    const auto device = formatted(1000);
    auto store = opened(*device);
    const Page large = value_of(1, 6000); // a record of its own; the noise is not compressed
    const Page small = value_of(2, 80);   // in the tree
    const Page kept = value_of(3, 6000);
    REQUIRE(write(*store, 2000, 0, large));
    REQUIRE(write(*store, 2001, 0, small));
    REQUIRE(write(*store, 2002, 0, kept));
    REQUIRE(put(*store, 7));
    REQUIRE(store->sync()); // into the log
    REQUIRE(store->commit());
    REQUIRE(holds(*device, large));
    REQUIRE(holds(*device, small));
    REQUIRE(store->punch(2000, 0, large.size()));
    REQUIRE(store->punch(2001, 0, small.size()));
    REQUIRE(store->sync());
    REQUIRE(store->commit());
    REQUIRE(holds(*device, large)); // freed is not erased
    wipe(*store);
    CHECK_FALSE(holds(*device, Bytes(large).first(64)));
    CHECK_FALSE(holds(*device, Bytes(small).first(32)));
    CHECK(holds(*device, kept));
    Wipe again;
    while (store->step_wipe(again).value())
        ;
    store.reset(); // as a crash
    store = opened(*device);
    CHECK(has(*store, 7));
    Page read(kept.size());
    REQUIRE(store->read(2002, 0, read));
    CHECK(read == kept);
    CHECK(check(*store).clean());
}

TEST_CASE("wipe: what was synced behind the last commit is replayed after it") {
    const auto device = formatted(1000);
    auto store = opened(*device);
    for (uint64_t i = 0; i < 12; ++i) {
        REQUIRE(put(*store, i));
        REQUIRE(store->sync());
        Wipe wipe; // however the ring lies
        while (store->step_wipe(wipe).value())
            ;
    }
    store.reset();
    store = opened(*device);
    for (uint64_t i = 0; i < 12; ++i)
        CHECK(has(*store, i));
    CHECK(check(*store).clean());
}

} // namespace vexfs
