// SPDX-License-Identifier: Apache-2.0
//
// A store that takes part in a measurement: ours, LMDB or RocksDB.
//
// Each is given what its manual asks for to be fast and durable; `description` says what that is. A
// contender lives in a folder of its own, which is on the same file system for all.
//
// Threads: one thread calls; a store may have threads of its own.
#pragma once

#include <memory>
#include <span>
#include <string>

#include "base/result.h"
#include "bench/store/workload.h"

namespace vexfs {

// What a store itself counts of its I/O, since it was opened.
struct OwnCounts {
    uint64_t reads = 0;
    uint64_t read_bytes = 0;
    uint64_t writes = 0;
    uint64_t write_bytes = 0;
    uint64_t flushes = 0;
};

class KeyValueStore {
  public:
    virtual ~KeyValueStore() = default;
    KeyValueStore(const KeyValueStore&) = delete;
    KeyValueStore& operator=(const KeyValueStore&) = delete;

    // All puts in one transaction, durable when it returns.
    virtual Status put_synced(std::span<const Put> puts) = 0;
    // A part of a bulk load, as fast as the store can; finish_load() makes all of it durable.
    virtual Status load(std::span<const Put> puts) = 0;
    virtual Status finish_load() = 0;
    // Ends the work that a load has left behind it, so that it does not fall to what comes next.
    virtual Status settle() { return ok(); }
    // Whether the key is there with this value.
    virtual Result<bool> holds(const Put& put) = 0;
    // Whether its log holds about as much as it ever does, so that a crash now costs the most.
    virtual Result<bool> log_full() = 0;
    // A clean stop. The store is not used after it.
    virtual Status close() = 0;
    // Zeros if the store does not tell.
    [[nodiscard]] virtual OwnCounts counts() const { return {}; }

  protected:
    KeyValueStore() = default;
};

// Where a store is made, and how large it may grow.
struct StorePlace {
    std::string folder;
    uint64_t size_bytes = 0; // preallocated
};

// One kind of store.
struct StoreKind {
    const char* name;
    const char* description;
    // The folder exists and is empty.
    Status (*create)(const StorePlace& place);
    Result<std::unique_ptr<KeyValueStore>> (*open)(const StorePlace& place);
};

extern const StoreKind kVexfsStore;
extern const StoreKind kLmdbStore;
extern const StoreKind kRocksdbStore;

} // namespace vexfs
