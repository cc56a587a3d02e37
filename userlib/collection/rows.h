// SPDX-License-Identifier: Apache-2.0
//
// What goes into a collection and what comes out of it: rows, searches, counts.
//
// Threads: values.
#pragma once

#include <limits>
#include <vector>

#include "base/bytes.h"
#include "index/flat/scan.h"
#include "index/planner/plan.h"
#include "userlib/store/piece_batch.h"

namespace vexfs {

// What a row carries besides its vector.
struct RowMeta {
    uint64_t tag = 0;
    uint64_t offset = 0; // of the file's bytes that it stands for
    uint64_t length = 0;

    friend bool operator==(const RowMeta&, const RowMeta&) = default;
};

struct RowId {
    uint64_t ino = 0;
    uint32_t row = 0;

    // NOLINTNEXTLINE(modernize-use-nullptr): it sees the 0 that the comparison is made with
    friend auto operator<=>(const RowId&, const RowId&) = default;
};

inline constexpr uint32_t kAppend = UINT32_MAX;  // PutRows::first: behind the last row
inline constexpr uint32_t kRowsMax = UINT32_MAX; // of a file; so kAppend is no row

struct PutRows {
    uint64_t ino = 0;
    uint32_t first = kAppend;
    bool truncate = false; // the file has no rows behind these
    uint64_t data_version = 0;
    uint32_t access_class = 0;        // of the file, for all of its rows
    std::span<const RowMeta> metas{}; // none, or one a row
    Bytes vectors{};                  // row after row
};

struct PutDone {
    uint32_t first = 0;
    uint32_t total = 0; // rows of the file now
};

struct StoredRow {
    RowMeta meta;
    uint64_t data_version = 0;
    bool pending = false;
    bool damaged = false; // its vector cannot be read
};

// A test of rows, which its owner runs on as few as will do. It is asked about a row once in a
// search, by the thread that searches, while the collection lets nobody change it: so it must not
// wait for somebody who changes the collection.
class RowPredicate {
  public:
    virtual ~RowPredicate() = default;
    virtual Result<bool> passes(const RowId& id, const StoredRow& row) = 0;
};

struct RowQuery {
    index::VectorView query{};
    uint32_t k = 10;
    uint32_t ef = 0; // 0: that of the schema
    bool exact = false;
    bool per_file = false; // of each file its nearest row alone
    // Only rows at most this far, in the unit of the metric.
    float radius = std::numeric_limits<float>::infinity();
    const std::vector<bool>* classes = nullptr; // visible, by number; null: all
    RowPredicate* predicate = nullptr;          // null: every row passes
    index::ScanStop stop{};
};

struct RowHit {
    RowId id;
    float distance = 0;
    StoredRow row;
    uint32_t slot = 0; // lent: another row may have it once the collection changes
    bool exact = true; // the distance is that of the stored vector
};

// Why fewer than k were found.
enum ShortWhy : uint32_t { kShortRows = 1, kShortRadius = 2, kShortDegraded = 4 };

struct RowSearchReport {
    index::Plan plan = index::Plan::kNothing;
    bool exact = false;     // the very k nearest
    bool fallback = false;  // a walk was given up for a scan
    uint32_t short_why = 0; // ShortWhy; 0: k were found
    uint32_t ef = 0;        // of the walk; 0: none
    uint64_t rows = 0;      // of the collection
    uint64_t visible = 0;
    uint64_t matching = 0; // of the visible: how many are expected to pass the predicate
    uint64_t tested = 0;   // by the predicate
    uint64_t passed = 0;
    uint64_t pending_scanned = 0;
    uint64_t degraded = 0; // rows whose vector could not be read
    uint64_t hops = 0;
    uint64_t code_distances = 0;
    uint64_t exact_distances = 0;
    uint64_t access_ns = 0; // which rows are visible
    uint64_t plan_ns = 0;   // which way to go, the sample of the predicate included
    uint64_t filter_ns = 0; // in the predicate
    uint64_t walk_ns = 0;   // in the graph and its codes, exact ranking included
    uint64_t rank_ns = 0;   // of that: in exact ranking
    uint64_t scan_ns = 0;   // of vectors
    BlockCounts blocks;     // with vectors
};

// How many rows there are of each file, those of one file beside each other.
struct RowTally {
    struct Rows {
        uint64_t ino = 0;
        uint64_t data_version = 0; // of the file's data, when they were put
        uint64_t count = 0;
    };
    std::vector<Rows> rows;
    uint64_t pending = 0; // of all
    uint64_t damaged = 0; // of all, as far as known
};

// What is stored, as it is compressed.
struct RowsOnDisk {
    uint64_t vector_bytes = 0;
    uint64_t record_bytes = 0; // what rows carry beside
    uint64_t graph_bytes = 0;  // codes and links
};

struct RowCounts {
    uint64_t files = 0;
    uint64_t rows = 0;
    uint64_t pending = 0;
    uint64_t damaged = 0;      // as far as known
    uint64_t dead = 0;         // slots of removed rows that cannot be used again yet
    uint64_t slots = 0;        // in use and free
    uint64_t trained_rows = 0; // that the codes were learned from; 0: there are none
    uint32_t code_bytes = 0;   // of a row
    size_t graph_bytes = 0;    // of memory, codes included
    size_t memory_bytes = 0;   // all of it
    uint64_t puts = 0;         // rows, since open
    uint64_t drops = 0;
    uint64_t searches = 0;
    uint64_t search_ns = 0;
    BlockCounts blocks; // with vectors, since open
};

} // namespace vexfs
