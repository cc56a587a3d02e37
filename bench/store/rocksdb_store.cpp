// SPDX-License-Identifier: Apache-2.0
//
// RocksDB as a contender.
//
// Its log files are preallocated and recycled, which spares each sync a change of the file's size
// and is the fastest it offers. A bulk load goes past the log, as its manual advises, and ends in a
// flush of the memtable.
//
// Threads: as KeyValueStore says.
#include <cstring>

#include <rocksdb/db.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/options.h>
#include <rocksdb/table.h>
#include <rocksdb/write_batch.h>

#include "bench/store/key_value_store.h"

namespace vexfs {

namespace {

constexpr size_t kCacheBytes = size_t{1} << 30;
constexpr size_t kRecycledLogs = 4;

Status check(const rocksdb::Status& status) {
    if (status.ok())
        return ok();
    return fail(status.IsNoSpace() ? Code::kENOSPC : Code::kEIO, "rocksdb: the call failed");
}

rocksdb::Slice slice_of(Bytes bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

rocksdb::Options options_of() {
    rocksdb::Options options;
    options.create_if_missing = true;
    options.compression = rocksdb::kLZ4Compression;
    options.recycle_log_file_num = kRecycledLogs;
    rocksdb::BlockBasedTableOptions table;
    table.block_cache = rocksdb::NewLRUCache(kCacheBytes);
    table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
    options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
    return options;
}

class RocksdbStore final : public KeyValueStore {
  public:
    static Result<std::unique_ptr<KeyValueStore>> open(const StorePlace& place) {
        std::unique_ptr<RocksdbStore> store(new RocksdbStore);
        rocksdb::DB* opened = nullptr;
        VEXFS_TRY_VOID(check(rocksdb::DB::Open(options_of(), place.folder, &opened)));
        store->database_.reset(opened);
        return std::unique_ptr<KeyValueStore>(std::move(store));
    }

    Status put_synced(std::span<const Put> puts) override {
        rocksdb::WriteOptions synced;
        synced.sync = true;
        return write(puts, synced);
    }

    Status load(std::span<const Put> puts) override {
        rocksdb::WriteOptions past_the_log;
        past_the_log.disableWAL = true;
        return write(puts, past_the_log);
    }

    Status finish_load() override { return check(database_->Flush(rocksdb::FlushOptions())); }

    Status settle() override {
        return check(database_->CompactRange(rocksdb::CompactRangeOptions(), nullptr, nullptr));
    }

    Result<bool> holds(const Put& put) override {
        const PackedKey packed(put.key);
        std::string value;
        const rocksdb::Status found =
            database_->Get(rocksdb::ReadOptions(), slice_of(packed.bytes), &value);
        if (!found.IsNotFound())
            VEXFS_TRY_VOID(check(found));
        return found.ok() && value.size() == put.value.size() &&
               std::memcmp(value.data(), put.value.data(), value.size()) == 0;
    }

    // The log goes with the memtable, so it is fullest when that is about to be flushed.
    Result<bool> log_full() override {
        uint64_t bytes = 0;
        if (!database_->GetIntProperty(rocksdb::DB::Properties::kCurSizeActiveMemTable, &bytes))
            return fail(Code::kEIO, "rocksdb: size of the memtable");
        return bytes >= options_of().write_buffer_size / 10 * 9;
    }

    Status close() override { return check(database_->Close()); }

  private:
    RocksdbStore() = default;

    Status write(std::span<const Put> puts, const rocksdb::WriteOptions& options) {
        batch_.Clear();
        for (const Put& put : puts) {
            const PackedKey packed(put.key);
            VEXFS_TRY_VOID(check(batch_.Put(slice_of(packed.bytes), slice_of(put.value))));
        }
        return check(database_->Write(options, &batch_));
    }

    std::unique_ptr<rocksdb::DB> database_;
    rocksdb::WriteBatch batch_;
};

Status create(const StorePlace&) {
    return ok();
}

} // namespace

const StoreKind kRocksdbStore{"rocksdb",
                              "RocksDB: WriteOptions.sync, LZ4, 1 GiB block cache, bloom filters, "
                              "log files preallocated and recycled; writes through the page cache",
                              create, RocksdbStore::open};

} // namespace vexfs
