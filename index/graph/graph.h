// SPDX-License-Identifier: Apache-2.0
//
// The graph: an index over code records that finds the nearest rows of a query in a few hundred
// distances.
//
// HNSW over codes. Rows are addressed by slots that the caller hands out; exact vectors stay with
// the caller. Equal codes share a node, removed rows are hidden at once and taken out in the
// background, and memory is in pages that never move. README.md has the rules of concurrency and
// the picture of the memory.
//
// Threads: search() and search_radius() from any number of threads, never waiting for a writer;
// insert() and remove() from any number of threads meanwhile; a Consolidation (consolidate.h) in
// one. One Scratch per thread.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/result.h"
#include "index/graph/graph_core.h"
#include "index/graph/search.h"

namespace vexfs::index {

// Bytes of memory, by what they hold.
struct MemoryUse {
    size_t codes = 0;
    size_t links = 0;
    size_t states = 0;
    size_t upper = 0;      // upper levels
    size_t duplicates = 0; // chains of equal rows
    size_t fixed = 0;      // locks, epochs and the object itself

    [[nodiscard]] size_t total() const {
        return codes + links + states + upper + duplicates + fixed;
    }
};

class Graph {
  public:
    // EINVAL for a configuration that makes no sense.
    static Result<std::unique_ptr<Graph>> create(const GraphConfig& config);

    // Copies the record of a row that is to be inserted, which scans may read from then on. The
    // slot is one that insert() would take, and has no other record until it is released. EFBIG,
    // ENOMEM.
    Status place_code(uint32_t slot, const uint8_t* record);

    // Copies the record and links the row. The slot is one that was never used or has been
    // released. When this returns, every search finds the row. EEXIST, EFBIG, ENOMEM; after a
    // failure the slot is as before.
    Status insert(uint32_t slot, const uint8_t* record, Scratch& scratch);

    // The same with so narrow a search for neighbours that it takes a fraction of the time. The row
    // is found a little less often, and leads on less well, until improve() is done with it.
    Status insert_hastily(uint32_t slot, const uint8_t* record, Scratch& scratch);
    // Looks for neighbours of a row as insert() does, beside those it has. Nothing happens to a row
    // that is not linked, is removed, or is found through an equal one. ENOMEM.
    Status improve(uint32_t slot, Scratch& scratch);

    // Hides a linked row from every search that begins afterwards. ENOENT if it is not linked or
    // removed before.
    Status remove(uint32_t slot);

    // See search.h.
    Result<SearchOutcome> search(const GraphQuery& query, const SearchParams& params,
                                 Scratch& scratch, std::span<Neighbor> out) const {
        return search_rows(core_, query, params, scratch, out);
    }
    Result<SearchOutcome> search_radius(const GraphQuery& query, float radius,
                                        const SearchParams& params, Scratch& scratch,
                                        std::span<Neighbor> out) const {
        return search_radius_rows(core_, query, radius, params, scratch, out);
    }

    // The record of a row that is linked or was placed, for scans. Valid as long as it is.
    [[nodiscard]] const uint8_t* code(uint32_t slot) const { return core_.code(slot); }
    [[nodiscard]] bool is_linked(uint32_t slot) const;

    // Rows that are linked and not removed, and rows that are removed and not yet taken out.
    [[nodiscard]] uint32_t live_rows() const;
    [[nodiscard]] uint32_t dead_rows() const { return core_.dead_rows.load(); }
    // One beyond the highest slot that was ever linked.
    [[nodiscard]] uint32_t slot_end() const { return core_.rows(); }
    [[nodiscard]] MemoryUse memory() const;
    [[nodiscard]] const GraphConfig& config() const { return core_.config; }

    // Lent; before the first change. See change_sink.h.
    void set_sink(ChangeSink* sink) { core_.sink = sink; }

    // For the other parts of this folder.
    GraphCore& core() { return core_; }
    [[nodiscard]] const GraphCore& core() const { return core_; }

  private:
    explicit Graph(const GraphConfig& config) : core_(config) {}

    GraphCore core_;
};

} // namespace vexfs::index
