// SPDX-License-Identifier: Apache-2.0
#include "userlib/collection/row_state.h"

#include <algorithm>

#include "index/kernels/isa.h"

namespace vexfs {

namespace {

// Runs of slots that one transaction erases, and records of the store that a run may cover: a full
// volume has to admit it.
constexpr size_t kRunsAtOnce = 8;
constexpr uint64_t kRecordsAtOnce = 8;

// One row in so many is looked at, whether the codes fit it.
constexpr uint64_t kObserveEvery = 4;

struct Run {
    uint64_t first = 0;
    uint64_t count = 0;
};

// Up to kRunsAtOnce runs of at most `most` slots together, taken off the front of `slots`.
std::vector<Run> take_runs(std::span<const uint32_t>& slots, uint64_t most) {
    std::vector<Run> runs;
    uint64_t count = 0;
    while (!slots.empty() && count < most) {
        const bool follows =
            !runs.empty() && slots.front() == runs.back().first + runs.back().count;
        if (!follows && runs.size() == kRunsAtOnce)
            break;
        if (!follows)
            runs.push_back({slots.front(), 0});
        ++runs.back().count;
        ++count;
        slots = slots.subspan(1);
    }
    return runs;
}

} // namespace

Result<std::unique_ptr<LinkedRows>> make_linked_rows(const Schema& schema, index::Codec codec,
                                                     uint64_t trained_rows) {
    index::GraphConfig config;
    config.shape = codec.shape();
    config.ef_construction = schema.ef_construction;
    config.links_max = std::min(2 * schema.m, index::kLinks);
    config.links_of_insert = std::min(config.links_of_insert, config.links_max);
    config.isa = index::chosen_isa();
    std::unique_ptr<index::Graph> graph = VEXFS_TRY(index::Graph::create(config));
    return std::make_unique<LinkedRows>(std::move(codec), std::move(graph), trained_rows);
}

void LinkedRows::note_linked(const index::VectorView& vector) {
    if (linked_since.fetch_add(1, std::memory_order_relaxed) % kObserveEvery != 0)
        return;
    MutexLock lock(drift_mutex_);
    drift_.observe(vector);
}

bool LinkedRows::drifted() {
    MutexLock lock(drift_mutex_);
    return drift_.reading().drifted;
}

size_t RowState::memory_bytes() const {
    size_t bytes = table.memory_bytes() + slots.memory_bytes() + dead.memory_bytes();
    for (const auto* const graph : {linked.get(), next.get()})
        bytes += graph != nullptr ? graph->memory_bytes() : 0;
    return bytes;
}

void RowState::count_memory(uint64_t coming) {
    MutexLock counted(memory_mutex);
    memory_share.set({memory_bytes() + coming, coming});
}

bool RowState::has_room(uint64_t bytes) {
    MutexLock counted(memory_mutex);
    return memory_share.has_room(bytes);
}

void hide_rows(RowState& state, std::span<const uint32_t> slots) {
    for (const uint32_t slot : slots) {
        bool held = state.linked && state.linked->graph->remove(slot);
        held = (state.next && state.next->graph->remove(slot)) || held;
        if (held)
            state.dead.add(slot);
        else
            state.slots.give(slot);
    }
}

Status erase_slots(const RowState& state, std::span<const uint32_t> slots) {
    std::vector<uint32_t> sorted(slots.begin(), slots.end());
    std::ranges::sort(sorted);
    const uint64_t bytes = state.vectors.vector_bytes();
    const uint64_t room = kRecordsAtOnce * state.store.layout().header().record_bytes;
    const uint64_t most = std::max<uint64_t>(1, room / std::max(bytes, uint64_t{kRowRecordBytes}));
    Status outcome = ok();
    for (std::span<const uint32_t> rest = sorted; !rest.empty();) {
        Transaction transaction;
        Status erased = ok();
        for (const Run& run : take_runs(rest, most)) {
            if (bytes > room)
                erased = state.store.punch(state.entry.vectors_oid, run.first * bytes, bytes);
            else
                transaction.punch(state.entry.vectors_oid, run.first * bytes, run.count * bytes);
            transaction.punch(state.entry.rows_oid, run.first * kRowRecordBytes,
                              run.count * kRowRecordBytes);
        }
        if (erased)
            erased = state.store.apply(transaction, Space::kFreeing);
        if (!erased && !is_damage(erased.error()))
            return erased;
        if (!erased) // damage keeps its own bytes, not those of others
            outcome = erased;
    }
    return outcome;
}

} // namespace vexfs
