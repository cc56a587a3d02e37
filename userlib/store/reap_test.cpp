// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <sys/mman.h>

#include "base/log.h"
#include "userlib/device/file_descriptor.h"
#include "userlib/store/check.h"
#include "userlib/store/small_volume.h"

namespace vexfs {

namespace {

constexpr uint64_t kItems = 60; // of an object: several leaves

Status put_object(Store& store, uint64_t oid) {
    for (uint64_t i = 0; i < kItems; ++i) {
        Transaction transaction;
        transaction.put(Key{oid, 1, i, 0}, value_of(i, 100));
        VEXFS_TRY_VOID(store.apply(transaction));
    }
    return ok();
}

Status destroy(Store& store, uint64_t oid) {
    Transaction transaction;
    transaction.destroy(oid);
    return store.apply(transaction, Space::kFreeing);
}

size_t items_of(Store& store, uint64_t oid) {
    return store.list(Key{oid, 0, 0, 0}, Key{oid + 1, 0, 0, 0}, 1000).value().size();
}

size_t orphans_of(Store& store) {
    const auto orphan = static_cast<uint8_t>(ItemType::kOrphan);
    return store.list(Key{0, orphan, 0, 0}, Key{0, orphan + 1, 0, 0}, 1000).value().size();
}

// Collects what is logged while it lives.
class LogLines {
  public:
    LogLines() { set_log_target(file_.raw(), false); }
    ~LogLines() { set_log_target(2, false); }
    LogLines(const LogLines&) = delete;
    LogLines& operator=(const LogLines&) = delete;

    [[nodiscard]] size_t count(std::string_view word) const {
        std::string text(size_t{1} << 16, '\0');
        const ssize_t bytes = ::pread(file_.raw(), text.data(), text.size(), 0);
        REQUIRE(bytes >= 0);
        text.resize(static_cast<size_t>(bytes));
        size_t found = 0;
        for (size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + 1))
            ++found;
        return found;
    }

  private:
    FileDescriptor file_{::memfd_create("log", MFD_CLOEXEC)};
};

} // namespace

TEST_CASE("reap: a destroyed object is erased in slices and its space comes back") {
    const auto device = formatted(4000);
    const auto store = opened(*device);
    const uint64_t used = store->usage().used_blocks;
    for (uint64_t i = 0; i < 40; ++i) {
        Transaction transaction;
        transaction.write(5, i * 8192, value_of(i, 8192));
        transaction.put(Key{5, 1, i, 0}, value_of(i));
        REQUIRE(store->apply(transaction));
    }
    REQUIRE(store->commit());
    CHECK(store->usage().used_blocks > used + 80);
    Transaction transaction;
    transaction.destroy(5);
    REQUIRE(store->apply(transaction));
    int slices = 0;
    while (store->step_reap(8).value())
        ++slices;
    CHECK(slices >= 10);
    for (int i = 0; i < 4; ++i)
        REQUIRE(store->commit());
    CHECK(store->usage().used_blocks <= used + 4);
    CHECK(check(*store).clean());
}

TEST_CASE("reap: a slice that is too large for the volume is made smaller") {
    const auto device = formatted(700);
    const auto store = opened(*device);
    REQUIRE(put_object(*store, 5));
    uint64_t items = 0;
    while (put(*store, items))
        ++items;
    REQUIRE(destroy(*store, 5));
    int slices = 0;
    while (store->step_reap(SIZE_MAX).value())
        ++slices;
    CHECK(slices > 1);
    CHECK(items_of(*store, 5) == 0);
    CHECK(orphans_of(*store) == 0);
    REQUIRE(store->commit());
    CHECK(check(*store).clean());
}

TEST_CASE("reap: an object that is damaged stays, is reported once, and keeps no other") {
    const auto device = formatted(2000);
    StoreOptions options = small_options();
    options.node_copies = 1;
    {
        const auto store = opened(*device, options);
        for (uint64_t oid = 5; oid < 9; ++oid)
            REQUIRE(put_object(*store, oid));
        REQUIRE(store->close());
        for (const uint64_t oid : {5, 7}) {
            const Pointer leaf = leaf_of(*store, Key{oid, 1, kItems / 2, 0});
            device->bytes()[leaf.segments[0].first() * kBlockBytes + 99] ^= std::byte{1};
        }
    }
    const auto store = opened(*device, options);
    const LogLines lines;
    for (uint64_t oid = 5; oid < 8; ++oid)
        REQUIRE(destroy(*store, oid));
    while (store->step_reap(8).value()) {
    }
    CHECK(items_of(*store, 6) == 0);
    CHECK(items_of(*store, 8) == kItems);
    CHECK(orphans_of(*store) == 2);
    CHECK_FALSE(store->list(Key{5, 0, 0, 0}, Key{6, 0, 0, 0}, 1000));
    REQUIRE(destroy(*store, 8));
    while (store->step_reap(8).value()) {
    }
    CHECK(items_of(*store, 8) == 0);
    CHECK(orphans_of(*store) == 2);
    CHECK(lines.count("oid=5") == 1);
    CHECK(lines.count("oid=7") == 1);
    CHECK_FALSE(store->suspended());
}

} // namespace vexfs
