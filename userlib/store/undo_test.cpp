// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "userlib/device/fault_device.h"
#include "userlib/store/small_volume.h"

namespace vexfs {

namespace {

constexpr uint64_t kItems = 200;
constexpr uint64_t kReads = 10; // of the leaf, more than any of the changes below makes

struct OneChange {
    Key key; // in the leaf that it changes
    Transaction transaction;
};

// Each kind of operation, on what is there.
std::vector<OneChange> changes() {
    const Key item = key_of(100);
    const Key record = record_key(item.oid, 0).unpacked();
    std::vector<OneChange> all{{item, {}}, {item, {}}, {record, {}}, {record, {}}};
    all[0].transaction.put(item, value_of(1));
    all[1].transaction.erase(item);
    all[2].transaction.write(item.oid, 0, value_of(2));
    all[3].transaction.punch(item.oid, 0, 20);
    return all;
}

} // namespace

// The read that fails comes back no more, so an undo that touches the same leaf fails too.
TEST_CASE("undo: a change that fails at any of its reads leaves the store sound") {
    const auto device = formatted(2000);
    StoreOptions options = small_options();
    options.node_copies = 1;
    options.cache_bytes = 0; // every step of a change reads its leaf anew
    {
        const auto store = opened(*device, options);
        for (uint64_t i = 0; i < kItems; ++i)
            REQUIRE(put(*store, i));
        Transaction data;
        data.write(key_of(100).oid, 0, value_of(3, 60));
        REQUIRE(store->apply(data));
        REQUIRE(store->close());
    }
    StoreOptions reading = options;
    reading.read_only = true;
    for (const OneChange& change : changes()) {
        const Pointer pointer = leaf_of(*opened(*device, reading), change.key);
        const uint64_t leaf = pointer.segments[0].first();
        uint64_t failures = 0;
        for (uint64_t n = 1; n <= kReads; ++n) {
            CAPTURE(n);
            FaultPlan plan;
            plan.rules.push_back({FaultKind::kIoError, FaultOp::kRead, leaf, leaf, n, 0, 0, true});
            const auto faulty = FaultDevice::create(*device, plan).value();
            const auto store = Store::open(*faulty, options);
            REQUIRE(store);
            const Status applied = (*store)->apply(change.transaction);
            failures += applied ? 0 : 1;
            CHECK((applied || applied.error().code == Code::kEIO));
            CHECK_FALSE((*store)->suspended());
            CHECK(has(**store, 1));
        }
        CHECK(failures > 1);
        CHECK(failures < kReads);
    }
}

} // namespace vexfs
