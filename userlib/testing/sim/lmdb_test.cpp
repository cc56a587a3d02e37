// SPDX-License-Identifier: Apache-2.0
//
// The same operations on a store and on LMDB, a key-value store that shares no code with it.
#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>

#include <lmdb.h>

#include "base/random.h"
#include "userlib/device/ram_device.h"
#include "userlib/store/check.h"

namespace vexfs {

namespace {

constexpr uint64_t kKeys = 20000;

MDB_val val_of(Bytes bytes) {
    return {bytes.size(), const_cast<std::byte*>(bytes.data())};
}

// An LMDB environment in a directory of its own, gone with it.
// Threads: one thread.
class Reference {
  public:
    Reference() {
        std::string path = (std::filesystem::temp_directory_path() / "vexfs-lmdb-XXXXXX").string();
        REQUIRE(mkdtemp(path.data()) != nullptr);
        path_ = path;
        REQUIRE(mdb_env_create(&environment_) == 0);
        REQUIRE(mdb_env_set_mapsize(environment_, size_t{256} << 20) == 0);
        REQUIRE(mdb_env_open(environment_, path.c_str(), MDB_NOSYNC | MDB_WRITEMAP, 0600) == 0);
        begin();
        REQUIRE(mdb_dbi_open(transaction_, nullptr, 0, &table_) == 0);
    }
    ~Reference() {
        mdb_txn_abort(transaction_);
        mdb_env_close(environment_);
        std::filesystem::remove_all(path_);
    }
    Reference(const Reference&) = delete;
    Reference& operator=(const Reference&) = delete;

    void begin() { REQUIRE(mdb_txn_begin(environment_, nullptr, 0, &transaction_) == 0); }
    void commit() {
        REQUIRE(mdb_txn_commit(transaction_) == 0);
        begin();
    }
    void put(const Key& key, Bytes value) {
        const PackedKey packed(key);
        MDB_val k = val_of(packed.bytes);
        MDB_val v = val_of(value);
        REQUIRE(mdb_put(transaction_, table_, &k, &v, 0) == 0);
    }
    void erase(const Key& key) {
        const PackedKey packed(key);
        MDB_val k = val_of(packed.bytes);
        const int outcome = mdb_del(transaction_, table_, &k, nullptr);
        REQUIRE((outcome == 0 || outcome == MDB_NOTFOUND));
    }
    // Up to `count` items from `key` on, keys and values one behind the other.
    Page list(const Key& key, size_t count) {
        MDB_cursor* cursor = nullptr;
        REQUIRE(mdb_cursor_open(transaction_, table_, &cursor) == 0);
        const PackedKey packed(key);
        MDB_val k = val_of(packed.bytes);
        MDB_val v{};
        Page all;
        int outcome = mdb_cursor_get(cursor, &k, &v, MDB_SET_RANGE);
        for (size_t i = 0; i < count && outcome == 0; ++i) {
            for (const MDB_val& part : {k, v}) {
                const auto* bytes = static_cast<const std::byte*>(part.mv_data);
                all.insert(all.end(), bytes, bytes + part.mv_size);
            }
            outcome = mdb_cursor_get(cursor, &k, &v, MDB_NEXT);
        }
        mdb_cursor_close(cursor);
        return all;
    }

  private:
    std::filesystem::path path_;
    MDB_env* environment_ = nullptr;
    MDB_txn* transaction_ = nullptr;
    MDB_dbi table_ = 0;
};

Page list_of(Store& store, const Key& key, size_t count) {
    Page all;
    const auto items = store.list(key, PackedKey::highest().unpacked(), count);
    REQUIRE(items);
    for (const StoreItem& item : items.value()) {
        const PackedKey packed(item.key);
        all.insert(all.end(), packed.bytes.begin(), packed.bytes.end());
        all.insert(all.end(), item.value.begin(), item.value.end());
    }
    return all;
}

// So many in every run of the tests; the long run sets another number.
uint64_t operations_wanted() {
    const char* wanted = std::getenv("VEXFS_LMDB_OPERATIONS");
    return wanted == nullptr ? 200000 : std::strtoull(wanted, nullptr, 10);
}

Key random_key(Random& random) {
    return {random.between(1, 50), static_cast<uint8_t>(random.between(5, 7)),
            random.below(kKeys / 150), 0};
}

} // namespace

TEST_CASE("lmdb: every operation leaves both stores equal, at every size between") {
    const uint64_t operations = operations_wanted();
    const auto device = RamDevice::create(uint64_t{256} << 20).value();
    FormatOptions format;
    format.node_bytes = 1024;
    format.inline_bytes = 100;
    format.record_bytes = 8192;
    REQUIRE(format_store(*device, format));
    const auto opened = Store::open(*device, StoreOptions{});
    REQUIRE(opened);
    Store& store = **opened;
    Reference reference;
    Random random(42);
    for (uint64_t i = 0; i < operations; ++i) {
        const Key key = random_key(random);
        // It grows for half of the run and shrinks for the other.
        const bool put = random.chance(i < operations / 2 ? 7 : 2, 10);
        Transaction transaction;
        if (put) {
            Page value(random.below(200));
            for (std::byte& b : value)
                b = static_cast<std::byte>(i);
            transaction.put(key, value);
            reference.put(key, value);
        } else {
            transaction.erase(key);
            reference.erase(key);
        }
        REQUIRE(store.apply(transaction));
        if (i % 20 == 0) {
            const Key from = random_key(random);
            CAPTURE(i);
            REQUIRE(list_of(store, from, 30) == reference.list(from, 30));
        }
        if (i % 10000 == 9999) {
            REQUIRE(store.commit());
            reference.commit();
        }
    }
    CHECK(list_of(store, Key{}, 10 * kKeys) == reference.list(Key{}, 10 * kKeys));
    REQUIRE(store.commit());
    CHECK(check(store).clean());
    MESSAGE(operations << " operations equal");
}

} // namespace vexfs
