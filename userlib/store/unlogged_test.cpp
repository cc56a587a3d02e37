// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "userlib/store/check.h"
#include "userlib/store/small_volume.h"

using namespace vexfs;

namespace {

Status put_unlogged(Store& store, uint64_t i) {
    Transaction transaction;
    transaction.put(key_of(i), value_of(i));
    return store.apply(transaction, Space::kNormal, Logging::kUnlogged);
}

} // namespace

TEST_CASE("store: what is not logged goes with a crash before the next commit, and nothing else") {
    const auto device = formatted(2048);
    auto store = opened(*device);
    REQUIRE(put_unlogged(*store, 1));
    REQUIRE(put(*store, 2));
    REQUIRE(store->commit());
    REQUIRE(put(*store, 3));
    REQUIRE(put_unlogged(*store, 4));
    REQUIRE(put(*store, 5));
    REQUIRE(store->sync());
    for (const uint64_t i : {1, 2, 3, 4, 5})
        CHECK(store->get(key_of(i)).value() == value_of(i));
    store.reset();
    store = opened(*device);
    for (const uint64_t i : {1, 2, 3, 5})
        CHECK(store->get(key_of(i)).value() == value_of(i));
    CHECK(!store->get(key_of(4)).value());
    CHECK(check(*store).clean());
}

TEST_CASE("store: a sync has nothing to wait for after what is not logged") {
    const auto device = formatted(2048);
    const auto store = opened(*device);
    REQUIRE(store->commit());
    uint64_t log_bytes = store->log_bytes();
    REQUIRE(put_unlogged(*store, 1));
    REQUIRE(store->sync());
    CHECK(store->log_bytes() == log_bytes);
    const Page bytes(30000, std::byte{7});
    Transaction transaction;
    transaction.write(9, 0, bytes);
    REQUIRE(store->apply(transaction));
    REQUIRE(store->commit());
    log_bytes = store->log_bytes();
    REQUIRE(store->punch(9, 0, UINT64_MAX, Logging::kUnlogged));
    CHECK(store->records(9, 0, UINT64_MAX, 9).value().empty());
    REQUIRE(store->sync());
    CHECK(store->log_bytes() == log_bytes);
}
