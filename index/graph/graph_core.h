// SPDX-License-Identifier: Apache-2.0
//
// The parts of a graph and the few operations that inserting, searching, consolidating and loading
// share.
//
// What a row is stands in one byte of state. Level 0 links of a row are changed only under
// row_lock(slot); upper levels only under talls.mutex(). The order of locks is talls.mutex() first,
// then one row lock, then the sink's own.
//
// Threads: stated per member; README.md has the whole picture.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <span>

#include "base/mutex.h"
#include "base/result.h"
#include "index/graph/change_sink.h"
#include "index/graph/duplicates.h"
#include "index/graph/graph_view.h"
#include "index/graph/reader_epochs.h"
#include "index/graph/scratch.h"
#include "index/graph/tall_rows.h"
#include "index/graph/walk.h"
#include "index/kernels/code_kernels.h"
#include "index/kernels/page_array.h"

namespace vexfs::index {

struct GraphConfig {
    CodeShape shape{};
    uint32_t ef_construction = 200;
    uint32_t links_max = kLinks;   // of a row after pruning, at most kLinks
    uint32_t links_of_insert = 24; // that a row gets when it is inserted
    // At least 1: how much nearer a neighbour must be to make another one superfluous.
    float alpha = 1.1f;
    uint64_t seed = 1; // of the levels
    Isa isa = Isa::kScalar;
};

// Bits of a row's state; 0: the graph does not know the row.
enum RowState : uint8_t {
    kRowTaken = 1,     // being inserted, or linked
    kRowLinked = 2,    // a search can reach it
    kRowDead = 4,      // removed: not an answer any more
    kRowCondemned = 8, // dead, and being taken out of the graph
    kRowShared = 16,   // other rows with the same code are found through it
    kRowDuplicate = 32 // found through another row; has no links
};

struct GraphCore {
    explicit GraphCore(const GraphConfig& graph_config);
    GraphCore(const GraphCore&) = delete;
    GraphCore& operator=(const GraphCore&) = delete;

    // ENOMEM: there was no address space for the arrays, and nothing else may be called.
    [[nodiscard]] Status check_memory() const;

    [[nodiscard]] uint8_t state(uint32_t slot) const {
        return static_cast<uint8_t>(state_word(slot).load(std::memory_order_acquire) >>
                                    state_shift(slot));
    }
    uint8_t add_state(uint32_t slot, uint8_t bits) {
        const uint64_t added = uint64_t{bits} << state_shift(slot);
        return static_cast<uint8_t>(state_word(slot).fetch_or(added) >> state_shift(slot));
    }
    uint8_t clear_state(uint32_t slot, uint8_t bits) {
        const uint64_t cleared = uint64_t{bits} << state_shift(slot);
        return static_cast<uint8_t>(state_word(slot).fetch_and(~cleared) >> state_shift(slot));
    }
    // True if the graph has heard of the slot; only then may the other members be asked about it.
    [[nodiscard]] bool knows(uint32_t slot) const {
        return slot < kMaxSlots && states.has(slot) && state(slot) != 0;
    }

    [[nodiscard]] const uint8_t* code(uint32_t slot) const { return codes.row_as<uint8_t>(slot); }
    [[nodiscard]] uint32_t* row(uint32_t slot) const { return links.row_as<uint32_t>(slot); }
    [[nodiscard]] Mutex& row_lock(uint32_t slot) const { return row_locks[slot % kRowLocks]; }

    // Makes memory for the slot in every array that has one row per slot. ENOMEM.
    Status ensure(uint32_t slot);
    // No slot that a search may meet is at or beyond this.
    [[nodiscard]] uint32_t rows() const { return row_end.load(std::memory_order_acquire); }
    void raise_rows(uint32_t slot);

    // Writes a level 0 row and tells the sink. The row is locked, or nobody knows it yet.
    void set_row(uint32_t slot, std::span<const uint32_t> new_links);
    void report_upper(uint32_t tall, uint32_t level) VEXFS_REQUIRES(talls.mutex());

    // Chooses at most `limit` neighbours among the first `count` candidates of the scratch into
    // `picked`, and returns how many. The candidates stand in records, record_distances and
    // record_nodes, nearest first,
    uint32_t select_sorted(Scratch& scratch, uint32_t count, uint32_t limit, uint32_t* picked);
    // or in any order and without distances: those are from `query` with `offset`. Needs room for
    // twice as many.
    uint32_t measure_and_select(Scratch& scratch, const int8_t* query, int32_t offset,
                                uint32_t count, uint32_t limit, uint32_t* picked);

    // A state is a byte, but is read and changed only as a part of a word of eight: scans read
    // whole words, and atomic accesses of two sizes to one place have no order.
    [[nodiscard]] std::atomic_ref<uint64_t> state_word(uint32_t slot) const {
        return std::atomic_ref(*states.row_as<uint64_t>(slot & ~uint32_t{7}));
    }
    static constexpr uint32_t state_shift(uint32_t slot) { return slot % 8 * 8; }

    static constexpr uint32_t kRowLocks = 1024;

    const GraphConfig config;
    const uint32_t alpha_256;
    const uint32_t blocks;
    const CodeKernels& code_loops;
    const WalkKernels& loops;

    PageArray codes;
    PageArray links;
    PageArray states;
    Duplicates duplicates;
    TallRows talls;
    GraphView view;

    mutable std::array<Mutex, kRowLocks> row_locks;
    mutable ReaderEpochs epochs;
    std::atomic<uint32_t> row_end = 0;
    std::atomic<uint32_t> linked_rows = 0; // dead ones included
    std::atomic<uint32_t> dead_rows = 0;   // of the linked ones
    ChangeSink* sink = nullptr;            // set before the first change
};

// A distance from the origin of an insert: the offset may wrap for a hostile code, the result is
// within int32.
inline int32_t offset_distance(int32_t distance, int32_t offset) {
    const int64_t sum = int64_t{distance} + offset;
    return static_cast<int32_t>(sum < INT32_MIN    ? INT32_MIN
                                : sum >= INT32_MAX ? INT32_MAX - 1
                                                   : sum);
}

} // namespace vexfs::index
