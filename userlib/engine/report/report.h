// SPDX-License-Identifier: Apache-2.0
//
// What a volume says of itself, as JSON documents. Each names its schema; within a schema fields
// are only added.
//
// Threads: pure functions.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "userlib/device/device_stack.h"
#include "userlib/names/names.h"
#include "userlib/store/store.h"

namespace vexfs {

// Of all collections together; all but the first two of those that are open.
struct CollectionStats {
    uint64_t collections = 0;
    uint64_t open = 0;
    uint64_t files = 0;
    uint64_t rows = 0;
    uint64_t pending = 0;
    uint64_t damaged = 0;
    uint64_t dead = 0;
    uint64_t memory_bytes = 0;
    uint64_t puts = 0;
    uint64_t drops = 0;
    uint64_t searches = 0;
    uint64_t search_ns = 0;
};

// "vexfs.stats/1"
struct StatsReport {
    struct Request {
        const char* name = nullptr;
        uint64_t failed = 0;
        HistogramSnapshot latency_ns;
    };

    Header header;
    uint64_t epoch = 0;
    Timestamp opened;
    Timestamp now;
    bool read_only = false;
    bool suspended = false;
    StoreUsage space;
    uint64_t txg = 0;
    uint64_t dirty_bytes = 0;
    uint64_t log_bytes = 0;
    uint64_t staged_bytes = 0; // messages and replies of sessions, in memory
    uint64_t memory_bytes = 0; // mem=, and of it what follows
    uint64_t row_bytes = 0;    // rows, codes and graphs
    uint64_t row_bytes_max = 0;
    uint64_t cache_bytes = 0; // what the cache may take
    BlockCache::Counts cache;
    std::string_view driver; // of the pools, for what is read from now on
    std::string compression; // for what is written
    std::optional<PoolReport> cold_pool;
    std::vector<PoolReport> other_cold_pools;
    std::optional<PoolReport> stored_pool;
    std::vector<PoolReport> other_stored_pools;
    StoredCounts vectors;
    StoredCounts data;
    ReadDamage damage;
    CollectionStats collections;
    std::vector<DeviceStack::LayerStats> devices;
    std::vector<Request> requests;
};
std::string to_json(const StatsReport& report);

// "vexfs.config/1"
struct ConfigReport {
    std::string target;    // JSON
    std::string front_end; // JSON
    bool read_only = false;
    uint64_t memory_bytes = 0;
    std::string compression;
    uint32_t cold_percent = 0;
    std::string pool;
    std::string_view cache_policy;
    uint64_t commit_ms = 0;
};
std::string to_json(const ConfigReport& report);

// "vexfs.jobs/1"
struct JobsReport {
    // Of a collection; numbers as in the application ABI.
    struct Job {
        uint64_t id = 0;
        uint64_t collection = 0;
        uint32_t kind = 0;
        uint32_t state = 0;
        uint64_t done = 0;
        uint64_t total = 0;
        uint64_t started_ns = 0;
        uint64_t ended_ns = 0;
        std::optional<Error> failure;
    };

    std::vector<Job> jobs;
    bool running = false; // a read-only volume has no background work
    HistogramSnapshot commit_ns;
    uint64_t reaped_slices = 0;
    bool reaping = false;
};
std::string to_json(const JobsReport& report);

} // namespace vexfs
