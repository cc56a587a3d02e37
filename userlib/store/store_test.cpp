// SPDX-License-Identifier: Apache-2.0
#include "userlib/store/store.h"

#include <algorithm>

#include <doctest/doctest.h>

#include "userlib/device/fault_device.h"
#include "userlib/device/stats_device.h"
#include "userlib/store/check.h"
#include "userlib/store/small_volume.h"

namespace vexfs {

TEST_CASE("store: what was committed is there after opening again, and check finds nothing") {
    const auto device = formatted(2000);
    {
        const auto store = opened(*device);
        for (uint64_t i = 0; i < 500; ++i)
            REQUIRE(put(*store, i));
        REQUIRE(store->close());
    }
    const auto store = opened(*device);
    for (uint64_t i = 0; i < 500; ++i)
        CHECK(has(*store, i));
    const CheckReport report = check(*store);
    CHECK(report.clean());
    CHECK(report.items == 500);
}

TEST_CASE("store: a sync is enough to find it again, and without one nothing is promised") {
    const auto device = formatted(2000);
    {
        const auto store = opened(*device);
        REQUIRE(put(*store, 1));
        REQUIRE(store->sync());
        REQUIRE(put(*store, 2));
    }
    const auto store = opened(*device);
    CHECK(has(*store, 1));
    CHECK_FALSE(has(*store, 2));
}

TEST_CASE("store: a read-only open replays the log and writes nothing") {
    const auto device = formatted(2000);
    {
        const auto store = opened(*device);
        REQUIRE(put(*store, 1));
        REQUIRE(store->sync());
    }
    const Page before(device->bytes().begin(), device->bytes().end());
    StoreOptions options = small_options();
    options.read_only = true;
    const auto store = opened(*device, options);
    CHECK(has(*store, 1));
    CHECK(put(*store, 2).error().code == Code::kEROFS);
    CHECK(store->sync().error().code == Code::kEROFS);
    CHECK(std::equal(before.begin(), before.end(), device->bytes().begin()));
}

TEST_CASE("store: a transaction that cannot be applied leaves nothing behind") {
    const auto device = formatted(2000);
    const auto store = opened(*device);
    REQUIRE(put(*store, 1));
    Transaction transaction;
    transaction.put(key_of(2), value_of(2));
    transaction.put(Key{1, 1, 3, 0}, value_of(3, 5000));
    CHECK(store->apply(transaction).error().code == Code::kEINVAL);
    CHECK_FALSE(has(*store, 2));
    CHECK(has(*store, 1));
}

TEST_CASE("store: object data reads back, holes are zero, a punch frees") {
    const auto device = formatted(4000);
    const auto store = opened(*device);
    const Page data = value_of(9, 50000);
    for (size_t at = 0; at < data.size(); at += 10000) {
        Transaction transaction;
        transaction.write(5, 4000 + at, Bytes(data).subspan(at, 10000));
        REQUIRE(store->apply(transaction));
    }
    for (int round = 0; round < 2; ++round) {
        Page back(60000, std::byte{1});
        REQUIRE(store->read(5, 0, back));
        CHECK(std::all_of(back.begin(), back.begin() + 4000,
                          [](auto b) { return b == std::byte{0}; }));
        CHECK(std::equal(data.begin(), data.end(), back.begin() + 4000));
        CHECK(std::all_of(back.begin() + 54000, back.end(),
                          [](auto b) { return b == std::byte{0}; }));
        REQUIRE(store->commit());
    }
    Page piece(100);
    REQUIRE(store->read(5, 4000 + 20001, piece));
    CHECK(std::equal(piece.begin(), piece.end(), data.begin() + 20001));
    REQUIRE(store->punch(5, 0, UINT64_MAX));
    for (int i = 0; i < 3; ++i)
        REQUIRE(store->commit());
    REQUIRE(store->read(5, 4000, piece));
    CHECK(piece == Page(100));
    CHECK(check(*store).data_bytes == 0);
    CHECK(check(*store).clean());
}

TEST_CASE("store: a volume that is full still lets everything be deleted") {
    const auto device = formatted(1500);
    const auto store = opened(*device);
    Random random(5);
    uint64_t items = 0;
    uint64_t objects = 0;
    for (;;) {
        Transaction transaction;
        if (random.chance(1, 2))
            transaction.put(key_of(items), value_of(items, 150));
        else
            transaction.write(100 + objects, 0, value_of(objects, 8000));
        const Status applied = store->apply(transaction);
        if (!applied) {
            CHECK(applied.error().code == Code::kENOSPC);
            break;
        }
        items += transaction.bytes()[0] == std::byte{1} ? 1 : 0;
        objects += transaction.bytes()[0] == std::byte{1} ? 0 : 1;
    }
    CHECK(items > 50);
    CHECK(objects > 50);
    // Nothing larger fits; go on until nothing does.
    while (put(*store, items))
        ++items;
    Transaction first;
    first.erase(key_of(0));
    const Status refused = store->apply(first);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Code::kENOSPC);
    for (uint64_t i = 0; i < items; ++i) {
        Transaction transaction;
        transaction.erase(key_of(i));
        REQUIRE(store->apply(transaction, Space::kFreeing));
    }
    for (uint64_t i = 0; i < objects; ++i)
        REQUIRE(store->punch(100 + i, 0, UINT64_MAX));
    for (int i = 0; i < 4; ++i)
        REQUIRE(store->commit());
    const CheckReport report = check(*store);
    CHECK(report.clean());
    CHECK(report.items == 0);
    CHECK(report.nodes == 1);
    REQUIRE(put(*store, 1));
}

TEST_CASE("store: a synced transaction is one write into the log and one flush") {
    const auto device = formatted(2000);
    StatsDevice stats(*device);
    const auto store = opened(stats);
    REQUIRE(put(*store, 0));
    REQUIRE(store->sync());
    const DeviceStats before = stats.stats();
    for (uint64_t i = 1; i <= 5; ++i) {
        REQUIRE(put(*store, i));
        REQUIRE(store->sync());
    }
    const DeviceStats after = stats.stats();
    CHECK(after.write.ios - before.write.ios == 5);
    CHECK(after.flush.latency_ns.count() - before.flush.latency_ns.count() == 5);
    CHECK(after.read.ios == before.read.ios);
}

TEST_CASE("store: a failed flush suspends it, and what was durable before is there afterwards") {
    int failed_in_sync = 0;
    for (uint64_t n = 1; n <= 6; ++n) {
        CAPTURE(n);
        const auto device = formatted(2000);
        FaultPlan plan;
        plan.rules.push_back({FaultKind::kIoError, FaultOp::kFlush, 0, UINT64_MAX, n, 0, 0, false});
        const auto faulty = FaultDevice::create(*device, plan).value();
        const Result<std::unique_ptr<Store>> store = Store::open(*faulty, small_options());
        if (!store)
            continue;
        REQUIRE(put(**store, 1));
        const bool first = (*store)->sync().has_value();
        if (!first) {
            ++failed_in_sync;
            CHECK((*store)->suspended());
            const Status again = (*store)->sync();
            REQUIRE_FALSE(again);
            CHECK(again.error().code == Code::kEIO);
            const Status third = put(**store, 3);
            REQUIRE_FALSE(third);
            CHECK(third.error().code == Code::kEIO);
            CHECK(has(**store, 1));
        }
        const auto after = opened(*device);
        CHECK((!first || has(*after, 1)));
        CHECK_FALSE(has(*after, 3));
    }
    CHECK(failed_in_sync > 0);
}

TEST_CASE("store: a counter never hands out a number twice, whatever was not synced") {
    const auto device = formatted(2000);
    uint64_t next = 1;
    for (int i = 0; i < 3; ++i) {
        const auto store = opened(*device);
        CHECK(store->reserve(1, 100).value() == next);
        next += 100;
    }
}

TEST_CASE("store: nobody but the store changes the items of the volume") {
    const auto device = formatted(2000);
    const auto counter = static_cast<uint8_t>(ItemType::kCounter);
    {
        const auto store = opened(*device);
        REQUIRE(store->reserve(1, 100).value() == 1);
        for (const uint8_t type : {uint8_t{1}, counter, static_cast<uint8_t>(ItemType::kOrphan)}) {
            CAPTURE(type);
            const Key key{kVolumeOid, type, 1, 0};
            Transaction puts;
            puts.put(key, value_of(1, 8));
            CHECK(store->apply(puts).error().code == Code::kEINVAL);
            Transaction erases;
            erases.put(key_of(3), value_of(3));
            erases.erase(key);
            CHECK(store->apply(erases).error().code == Code::kEINVAL);
        }
        CHECK_FALSE(has(*store, 3));
        Transaction data;
        data.write(kVolumeOid, 0, value_of(1, 8));
        CHECK(store->apply(data).error().code == Code::kEINVAL);
        Transaction destroys;
        destroys.destroy(kVolumeOid);
        CHECK(store->apply(destroys).error().code == Code::kEINVAL);
    }
    // The store's own change is in the log, and replayed.
    const auto store = opened(*device);
    CHECK(store->reserve(1, 1).value() == 101);
    CHECK(check(*store).clean());
}

TEST_CASE("store: damage of one copy of a node is survived, of both it is an error and no crash") {
    const auto device = formatted(2000);
    Pointer root;
    {
        const auto store = opened(*device);
        for (uint64_t i = 0; i < 300; ++i)
            REQUIRE(put(*store, i));
        REQUIRE(store->close());
        root = store->uberblock().root;
        REQUIRE(root.second != 0);
    }
    std::byte& first = device->bytes()[root.segments[0].first() * kBlockBytes + 99];
    first ^= std::byte{1};
    {
        StoreOptions options = small_options();
        options.read_only = true;
        const auto store = opened(*device, options);
        CHECK(store->read_damage().nodes_rescued == 1);
        CHECK(has(*store, 7));
        CHECK(check(*store).problems == 1);
        CHECK(check(*store).damage.nodes_rescued == 1);
    }
    device->bytes()[root.segments[root.second].first() * kBlockBytes + 99] ^= std::byte{1};
    CHECK(Store::open(*device, small_options()).error().code == Code::kEIO);
}

TEST_CASE("store: a log damaged in its middle is refused, and given up only when asked") {
    const auto device = formatted(2000);
    LogMark mark;
    uint64_t log_start = 0;
    {
        const auto store = opened(*device);
        mark.position = store->uberblock().log_position;
        log_start = store->layout().log_start();
        for (uint64_t i = 0; i < 3; ++i) {
            REQUIRE(put(*store, i));
            REQUIRE(store->sync());
        }
    }
    device->bytes()[(log_start + mark.position + 1) * kBlockBytes + 80] ^= std::byte{1};
    CHECK(Store::open(*device, small_options()).error().code == Code::kEUCLEAN);
    StoreOptions options = small_options();
    options.read_only = true;
    CHECK(opened(*device, options)->damage().log.has_value());
    CHECK(check(*opened(*device, options)).problems == 1);
    options.read_only = false;
    options.truncate_log = true;
    const auto store = opened(*device, options);
    CHECK_FALSE(store->damage().log.has_value());
    CHECK(has(*store, 0));
    CHECK_FALSE(has(*store, 1));
    CHECK_FALSE(has(*store, 2));
    CHECK(check(*store).clean());
}

TEST_CASE("store: a damaged free map is refused, and counted anew when asked") {
    const auto device = formatted(2000);
    uint64_t summary = 0;
    {
        const auto store = opened(*device);
        for (uint64_t i = 0; i < 100; ++i)
            REQUIRE(put(*store, i));
        REQUIRE(store->close());
        summary = store->layout().summary_start(store->uberblock().summary_slot);
    }
    device->bytes()[summary * kBlockBytes] ^= std::byte{1};
    CHECK(Store::open(*device, small_options()).error().code == Code::kEBADMSG);
    StoreOptions options = small_options();
    options.rebuild_free_map = true;
    const auto store = opened(*device, options);
    CHECK(check(*store).clean());
    CHECK(has(*store, 99));
}

TEST_CASE("store: an old commit whose epoch was damaged does not pass for the newest") {
    const auto device = formatted(2000);
    uint64_t block = 0;
    {
        const auto store = opened(*device);
        const Uberblock older = store->uberblock();
        block = store->layout().uberblock_block(0, older.txg % 4);
        REQUIRE(put(*store, 1));
        REQUIRE(store->commit());
    }
    device->bytes()[block * kBlockBytes + offsetof(Uberblock, epoch)] ^= std::byte{0x40};
    CHECK(has(*opened(*device), 1));
}

TEST_CASE("store: an unknown feature is refused by name of what it forbids") {
    CHECK(check_features(0, 0, true));
    CHECK(check_features(1, 0, false));
    CHECK(check_features(1, 0, true).error().code == Code::kEROFS);
    CHECK(check_features(0, 1, false).error().code == Code::kEOPNOTSUPP);
}

TEST_CASE("store: what is no volume is refused, and a lost first label does not matter") {
    const auto device = RamDevice::create(2000 * kBlockBytes).value();
    CHECK(Store::open(*device, small_options()).error().code == Code::kEINVAL);
    REQUIRE(format_store(*device, small_format()));
    std::memset(device->bytes().data(), 0, 3 * kBlockBytes);
    CHECK(Store::open(*device, small_options()));
}

} // namespace vexfs
