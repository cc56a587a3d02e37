// SPDX-License-Identifier: Apache-2.0
//
// LMDB as a contender. Its own defaults: every commit is synced.
//
// A bulk load is cut into transactions of 100,000 puts: one for all would hold every page that it
// dirties.
//
// Threads: as KeyValueStore says.
#include <cstring>

#include <fcntl.h>
#include <lmdb.h>

#include "bench/store/key_value_store.h"
#include "userlib/device/file_descriptor.h"

namespace vexfs {

namespace {

constexpr size_t kLoadPuts = 100'000;

Status check(int code) {
    if (code == 0)
        return ok();
    return fail(code > 0 ? code_from_errno(code) : Code::kEIO, ::mdb_strerror(code));
}

MDB_val val_of(Bytes bytes) {
    return {bytes.size(), const_cast<std::byte*>(bytes.data())};
}

class LmdbStore final : public KeyValueStore {
  public:
    ~LmdbStore() override {
        ::mdb_txn_abort(loading_);
        ::mdb_env_close(environment_);
    }

    static Result<std::unique_ptr<KeyValueStore>> open(const StorePlace& place) {
        std::unique_ptr<LmdbStore> store(new LmdbStore);
        VEXFS_TRY_VOID(check(::mdb_env_create(&store->environment_)));
        VEXFS_TRY_VOID(check(::mdb_env_set_mapsize(store->environment_, place.size_bytes)));
        VEXFS_TRY_VOID(check(::mdb_env_open(store->environment_, place.folder.c_str(), 0, 0600)));
        MDB_txn* transaction = nullptr;
        VEXFS_TRY_VOID(check(::mdb_txn_begin(store->environment_, nullptr, 0, &transaction)));
        const Status opened = check(::mdb_dbi_open(transaction, nullptr, 0, &store->table_));
        if (!opened) {
            ::mdb_txn_abort(transaction);
            return opened.error();
        }
        VEXFS_TRY_VOID(check(::mdb_txn_commit(transaction)));
        return std::unique_ptr<KeyValueStore>(std::move(store));
    }

    Status put_synced(std::span<const Put> puts) override {
        MDB_txn* transaction = nullptr;
        VEXFS_TRY_VOID(check(::mdb_txn_begin(environment_, nullptr, 0, &transaction)));
        const Status done = put_all(transaction, puts);
        if (!done) {
            ::mdb_txn_abort(transaction);
            return done;
        }
        return check(::mdb_txn_commit(transaction));
    }

    Status load(std::span<const Put> puts) override {
        if (loading_ == nullptr)
            VEXFS_TRY_VOID(check(::mdb_txn_begin(environment_, nullptr, 0, &loading_)));
        VEXFS_TRY_VOID(put_all(loading_, puts));
        loading_puts_ += puts.size();
        return loading_puts_ < kLoadPuts ? ok() : finish_load();
    }

    Status finish_load() override {
        loading_puts_ = 0;
        MDB_txn* transaction = loading_;
        loading_ = nullptr;
        return transaction == nullptr ? ok() : check(::mdb_txn_commit(transaction));
    }

    Result<bool> holds(const Put& put) override {
        MDB_txn* transaction = nullptr;
        VEXFS_TRY_VOID(check(::mdb_txn_begin(environment_, nullptr, MDB_RDONLY, &transaction)));
        const PackedKey packed(put.key);
        MDB_val key = val_of(packed.bytes);
        MDB_val value{};
        const int code = ::mdb_get(transaction, table_, &key, &value);
        const bool same = code == 0 && value.mv_size == put.value.size() &&
                          std::memcmp(value.mv_data, put.value.data(), put.value.size()) == 0;
        ::mdb_txn_abort(transaction);
        if (code != MDB_NOTFOUND)
            VEXFS_TRY_VOID(check(code));
        return same;
    }

    Result<bool> log_full() override { return true; } // it has none
    Status close() override { return finish_load(); }

  private:
    LmdbStore() = default;

    Status put_all(MDB_txn* transaction, std::span<const Put> puts) const {
        for (const Put& put : puts) {
            const PackedKey packed(put.key);
            MDB_val key = val_of(packed.bytes);
            MDB_val value = val_of(put.value);
            VEXFS_TRY_VOID(check(::mdb_put(transaction, table_, &key, &value, 0)));
        }
        return ok();
    }

    MDB_env* environment_ = nullptr;
    MDB_dbi table_ = 0;
    MDB_txn* loading_ = nullptr;
    size_t loading_puts_ = 0;
};

// The room is reserved behind the end of the file, which LMDB then moves.
Status create(const StorePlace& place) {
    const std::string path = place.folder + "/data.mdb";
    const FileDescriptor file(::open(path.c_str(), O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600));
    if (!file.is_open() ||
        ::fallocate(file.raw(), FALLOC_FL_KEEP_SIZE, 0, static_cast<off_t>(place.size_bytes)) != 0)
        return fail(code_from_errno(errno), "lmdb: preallocation");
    return ok();
}

} // namespace

const StoreKind kLmdbStore{"lmdb",
                           "LMDB: defaults (every commit synced), preallocated; reads and writes "
                           "through the page cache",
                           create, LmdbStore::open};

} // namespace vexfs
