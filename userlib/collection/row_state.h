// SPDX-License-Identifier: Apache-2.0
//
// What the verbs, the searches and the linker of a collection share, and the lock that guards it.
//
// Threads: what is guarded says so; the rest never changes.
#pragma once

#include <memory>

#include "base/mutex.h"
#include "index/codec/codec.h"
#include "index/codec/drift.h"
#include "index/graph/consolidate.h"
#include "index/graph/graph.h"
#include "userlib/collection/catalogue.h"
#include "userlib/collection/graph_changes.h"
#include "userlib/collection/job_board.h"
#include "userlib/collection/row_memory.h"
#include "userlib/collection/row_table.h"
#include "userlib/collection/slot_pool.h"
#include "userlib/collection/stored_vectors.h"

namespace vexfs {

// Codes and a graph over them. Only the linker inserts and consolidates.
struct LinkedRows {
    LinkedRows(index::Codec its_codec, std::unique_ptr<index::Graph> its_graph, uint64_t rows)
        : codec(std::move(its_codec)), changes(codec.shape().record_bytes),
          graph(std::move(its_graph)), consolidation(graph->core()), trained_rows(rows) {}

    // Any number of threads; drifted() one.
    void note_linked(const index::VectorView& vector);
    [[nodiscard]] bool drifted();

    [[nodiscard]] size_t memory_bytes() const {
        return graph->memory().total() + codec.memory_bytes() + changes.memory_bytes();
    }

    const index::Codec codec;
    GraphChanges changes; // of the graph, which tells it
    const std::unique_ptr<index::Graph> graph;
    index::Consolidation consolidation;
    const uint64_t trained_rows;            // rows of the collection when the codec was learned
    std::atomic<uint64_t> linked_since = 0; // rows, since the codec was learned or loaded

  private:
    Mutex drift_mutex_;
    index::DriftMonitor drift_ VEXFS_GUARDED_BY(drift_mutex_){codec};
};

// An empty graph over codes of this codec. EINVAL, ENOMEM.
Result<std::unique_ptr<LinkedRows>> make_linked_rows(const Schema& schema, index::Codec codec,
                                                     uint64_t trained_rows);

struct RowState {
    RowState(Store& its_store, const CollectionEntry& its_entry,
             const index::Distance& its_distance, RowMemory* memory)
        : store(its_store), entry(its_entry),
          vectors(its_store, its_entry.vectors_oid, its_entry.schema.vector_bytes()),
          distance(its_distance), memory_share(memory), schema(its_entry.schema) {}

    // Of rows and graphs, as they are.
    [[nodiscard]] size_t memory_bytes() const VEXFS_REQUIRES_SHARED(lock);
    // After either of them grew or shrank, or with bytes that are about to be taken.
    void count_memory(uint64_t coming = 0) VEXFS_REQUIRES_SHARED(lock);
    // Whether so many bytes more may be taken.
    [[nodiscard]] bool has_room(uint64_t bytes);

    Store& store;
    const CollectionEntry entry;
    const StoredVectors vectors;
    const index::Distance distance;
    Mutex memory_mutex; // of the share; the last that is taken but that of RowMemory
    RowMemoryShare memory_share VEXFS_GUARDED_BY(memory_mutex);
    // Of the newest codec. Set by open(), then the linker's.
    uint32_t graph_generation = 0;

    JobBoard jobs;

    // Searches and links share it. Nobody holds it alone while waiting for the device.
    SharedMutex lock;
    Schema schema VEXFS_GUARDED_BY(lock);
    RowTable table VEXFS_GUARDED_BY(lock);
    SlotPool slots VEXFS_GUARDED_BY(lock);
    // What searches walk; none before there are enough rows.
    std::unique_ptr<LinkedRows> linked VEXFS_GUARDED_BY(lock);
    // Learned anew and not yet complete: rows that are not pending move there one after the other.
    std::unique_ptr<LinkedRows> next VEXFS_GUARDED_BY(lock);
    // Slots of removed rows that a graph still holds.
    SlotSet dead VEXFS_GUARDED_BY(lock);
};

// Hides rows that the table has no more from every search that begins afterwards. Their slots are
// free once no graph holds them.
void hide_rows(RowState& state, std::span<const uint32_t> slots) VEXFS_REQUIRES(state.lock);

// Makes vectors and records of slots zero, several neighbours at a time.
Status erase_slots(const RowState& state, std::span<const uint32_t> slots);

} // namespace vexfs
