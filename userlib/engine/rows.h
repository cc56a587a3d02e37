// SPDX-License-Identifier: Apache-2.0
//
// What the verbs of rows and searches take and give.
//
// Threads: values.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "userlib/collection/rows.h"
#include "userlib/collection/schema.h"
#include "userlib/engine/access/caller.h"
#include "userlib/engine/filter/filter.h"
#include "userlib/store/node_io.h"

namespace vexfs {

// Which file is meant: the node itself, or a file of the directory `node`, by number anywhere below
// it or by name in it. The rules and their errors stand at struct vexfs_file.
struct FileChoice {
    uint64_t node = 0;
    uint64_t ino = 0;
    std::string_view name{};
    // Rights on the node itself, as it was opened. They count if it is a file.
    bool opened_for_read = false;
    bool opened_for_write = false;

    [[nodiscard]] bool is_node() const { return ino == 0 && name.empty(); }
};

// What the caller takes a vector to be.
struct VectorShape {
    index::Element element = index::Element::kF32;
    uint32_t dim = 0;
};

struct SchemaInfo {
    Schema schema; // no defaults left
    uint64_t collection = 0;
    bool own = false; // of the directory asked, not of one above
};

struct RowsAsk {
    uint32_t first = 0;
    uint32_t rows = 0; // at most; 0: all
    bool want_rows = false;
    bool want_vectors = false;
};

struct FileRows {
    uint64_t ino = 0;
    uint64_t data_version = 0; // of the file
    uint32_t rows = 0;         // that were read
    uint32_t total = 0;        // of the file
    VectorShape shape;
    std::vector<StoredRow> metas; // if asked for
    Page vectors;                 // if asked for

    [[nodiscard]] bool is_stale(const StoredRow& row) const {
        return row.data_version < data_version;
    }
};

struct Dropped {
    uint64_t ino = 0;
    uint32_t dropped = 0;
    uint32_t total = 0; // that are left
};

class Collection;

struct SearchAsk {
    index::VectorView query{};
    uint32_t k = 10;
    uint32_t ef = 0; // 0: of the schema
    bool exact = false;
    bool per_file = false;
    float radius = std::numeric_limits<float>::infinity();
    bool want_paths = false;
    const Filter* filter = nullptr; // null: every row passes
    index::ScanStop stop{};
};

struct SearchHit {
    RowId id;
    float distance = 0;
    StoredRow row;
    bool exact = true; // the distance is that of the stored vector
    uint32_t slot = 0; // where it was found
    bool stale = false;
    std::string path{}; // from the directory asked; "": not wanted, or the file has moved away
};

struct SearchAnswer {
    std::weak_ptr<Collection> rows; // of which the hits are
    std::vector<SearchHit> hits;    // nearest first
    Page vectors; // of the hits, if read_vectors() was asked; zeros for damaged ones
    RowSearchReport report;
    uint64_t untyped = 0; // rows met whose attribute is no number where the filter compares numbers
    uint64_t access_ns = 0; // permissions and scope
    uint64_t total_ns = 0;
};

struct RowStat {
    uint64_t ino = 0;
    uint64_t collection = 0;
    bool of_file = false;
    uint64_t data_version = 0; // of a file
    // What the caller may see.
    uint64_t files = 0;
    uint64_t rows = 0;
    uint64_t stale = 0;
    uint64_t pending = 0;
    uint64_t damaged = 0;
    std::optional<RowCounts> totals; // of the collection, if asked for
    RowsOnDisk disk;                 // the same
    bool trained = false;
    IndexKind index = IndexKind::kFlat; // in use
    uint32_t code_bytes = 0;
};

} // namespace vexfs
