// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "userlib/store/check.h"
#include "userlib/store/small_volume.h"

namespace vexfs {

namespace {

constexpr uint64_t kRecords = 4;
constexpr size_t kRecordBytes = 8000;

// Data and items of a version, all of which takes the place of the version before.
void write_version(Store& store, uint64_t version) {
    Transaction transaction;
    for (uint64_t i = 0; i < kRecords; ++i)
        transaction.write(50 + i, 0, value_of(version * 10 + i, kRecordBytes));
    transaction.put(Key{1, 1, 0, 0}, bytes_of(version));
    REQUIRE(store.apply(transaction));
}

void check_version(Store& store, uint64_t version) {
    CHECK(check(store).clean());
    const auto item = store.get(Key{1, 1, 0, 0});
    REQUIRE(item);
    REQUIRE(item.value());
    CHECK(load_le<uint64_t>(item.value()->data()) == version);
    Page data(kRecordBytes);
    for (uint64_t i = 0; i < kRecords; ++i) {
        REQUIRE(store.read(50 + i, 0, data));
        CHECK(data == value_of(version * 10 + i, kRecordBytes));
    }
}

} // namespace

TEST_CASE("rewind: it can be wound back, and what was given up stays given up") {
    const auto device = formatted(2000);
    uint64_t txg = 0;
    {
        const auto store = opened(*device);
        REQUIRE(put(*store, 1));
        REQUIRE(store->commit());
        txg = store->uberblock().txg;
        for (uint64_t i = 2; i <= 3; ++i) {
            REQUIRE(put(*store, i));
            REQUIRE(store->commit());
        }
    }
    StoreOptions options = small_options();
    options.rewind_txg = txg;
    {
        const auto store = opened(*device, options);
        CHECK(has(*store, 1));
        CHECK_FALSE(has(*store, 2));
        CHECK(check(*store).clean());
    }
    const auto store = opened(*device);
    CHECK_FALSE(has(*store, 2));
    CHECK_FALSE(has(*store, 3));
}

// A commit is in force while the next one is already writing, into blocks that were free.
TEST_CASE("rewind: the two commits before the one in force are whole, whatever is written since") {
    const auto device = formatted(1000);
    StoreOptions options = small_options();
    options.policy = FreeMap::Policy::kLowestFirst; // a block is reused as soon as it may be
    const auto store = opened(*device, options);
    std::vector<uint64_t> txgs;
    for (uint64_t version = 0; version < 8; ++version) {
        write_version(*store, version);
        while (store->step_place(kRecords).value()) {
        }
        for (uint64_t back = 1; back <= 3 && back <= txgs.size(); ++back) {
            CAPTURE(version);
            CAPTURE(back);
            StoreOptions rewind = options;
            rewind.rewind_txg = txgs[txgs.size() - back];
            rewind.read_only = true;
            check_version(*opened(*device, rewind), version - back);
        }
        REQUIRE(store->commit());
        txgs.push_back(store->uberblock().txg);
    }
}

TEST_CASE("rewind: a device whose beginning is lost has the commit before the last one") {
    const auto device = formatted(1000);
    uint64_t end = 0;
    {
        const auto store = opened(*device);
        for (uint64_t version = 0; version < 6; ++version) {
            write_version(*store, version);
            REQUIRE(store->commit());
        }
        end = store->layout().log_start();
    }
    std::memset(device->bytes().data(), 0, end * kBlockBytes);
    StoreOptions options = small_options();
    options.rewind_txg = UINT64_MAX - 1; // the newest that is there, without the log
    check_version(*opened(*device, options), 4);
}

} // namespace vexfs
