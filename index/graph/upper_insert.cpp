// SPDX-License-Identifier: Apache-2.0
#include "index/graph/upper_insert.h"

#include <algorithm>

#include "index/graph/insert.h"
#include "index/graph/links.h"

namespace vexfs::index {
namespace {

constexpr uint32_t kUpperEf = 64;

// The pool of a walk over an upper level as candidates in the scratch; returns how many.
uint32_t take_upper_candidates(const GraphCore& core, const Walk& walk, uint32_t self,
                               int32_t offset, Scratch& scratch) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < walk.size; ++i) {
        const uint32_t tall = walk.nodes[i] & ~kExpanded;
        const uint32_t slot = core.talls.slot(tall);
        if (tall == self || (core.state(slot) & kRowDead) != 0)
            continue;
        scratch.records[count] = core.code(slot);
        scratch.record_nodes[count] = tall;
        scratch.record_distances[count] = offset_distance(walk.distances[i], offset);
        ++count;
    }
    return count;
}

void add_upper_reverse_link(GraphCore& core, uint32_t neighbour, uint32_t level, uint32_t tall,
                            Scratch& scratch) VEXFS_REQUIRES(core.talls.mutex()) {
    uint32_t links[kUpperLinks + 1];
    uint32_t* row = core.talls.links(neighbour, level);
    const uint32_t count = load_links(row, kUpperLinks, links);
    links[count] = tall;
    if (count < kUpperLinks) {
        store_link(row + count, tall);
    } else {
        const uint8_t* code = core.code(core.talls.slot(neighbour));
        const int32_t offset = core.code_loops.decode(code, scratch.pivot.data(), core.blocks);
        for (uint32_t i = 0; i <= count; ++i) {
            scratch.records[i] = core.code(core.talls.slot(links[i]));
            scratch.record_nodes[i] = links[i];
        }
        uint32_t picked[kUpperLinks];
        const uint32_t kept = core.measure_and_select(scratch, scratch.pivot.data(), offset,
                                                      count + 1, kUpperLinks, picked);
        write_links(row, kUpperLinks, {picked, kept});
    }
    core.report_upper(neighbour, level);
}

// Links the tall on one level and returns the tall nearest to it there, where the next level
// begins.
uint32_t link_level(GraphCore& core, uint32_t tall, uint32_t level, uint32_t entry, int32_t offset,
                    Scratch& scratch) VEXFS_REQUIRES(core.talls.mutex()) {
    Walk walk = scratch.start_walk(core.view, scratch.origin.data(), kUpperEf, kUpperEf);
    walk.entry = entry;
    walk.level = level;
    walk.width = 1;
    core.loops.walk_upper(walk);
    scratch.end_walk();
    const uint32_t nearest = walk.nodes[0] & ~kExpanded;
    const uint32_t count = take_upper_candidates(core, walk, tall, offset, scratch);
    uint32_t picked[kUpperLinks];
    const uint32_t kept = core.select_sorted(scratch, count, kUpperLinks, picked);
    write_links(core.talls.links(tall, level), kUpperLinks, {picked, kept});
    core.report_upper(tall, level);
    for (uint32_t i = 0; i < kept; ++i)
        add_upper_reverse_link(core, picked[i], level, tall, scratch);
    return nearest == tall ? entry : nearest;
}

} // namespace

Result<bool> insert_first_row(GraphCore& core, uint32_t slot) {
    MutexLock lock(core.talls.mutex());
    if (core.talls.entry())
        return false;
    const uint32_t levels = std::max(upper_levels_of(core.config.seed, slot), 1u);
    const uint32_t tall = VEXFS_TRY(core.talls.add(slot, levels));
    {
        MutexLock row_lock(core.row_lock(slot));
        core.set_row(slot, {});
        core.add_state(slot, kRowLinked);
    }
    core.linked_rows.fetch_add(1);
    core.talls.set_entry(TallRows::Entry{tall, levels});
    for (uint32_t level = 1; level <= levels; ++level)
        core.report_upper(tall, level);
    if (core.sink != nullptr)
        core.sink->entry_changed(slot);
    return true;
}

Status insert_upper(GraphCore& core, uint32_t slot, uint32_t levels, bool as_entry,
                    Scratch& scratch) {
    VEXFS_TRY_VOID(scratch.prepare_selection(core.config.shape, 2 * kUpperEf));
    MutexLock lock(core.talls.mutex());
    VEXFS_TRY_VOID(scratch.prepare_walk(core.talls.count() + 1, kUpperEf));
    const uint32_t tall = VEXFS_TRY(core.talls.add(slot, levels));
    // From here on nothing fails: a tall without its row would lead searches astray.
    const int32_t offset =
        core.code_loops.decode(core.code(slot), scratch.origin.data(), core.blocks);
    const std::optional<TallRows::Entry> entry = core.talls.entry();
    uint32_t nearest = tall;
    if (entry) {
        WalkCounters counters;
        nearest = core.loops.descend(core.view, scratch.origin.data(), entry->tall, entry->level,
                                     std::min(levels + 1, entry->level), counters);
    }
    const uint32_t top = entry ? std::min(levels, entry->level) : 0;
    for (uint32_t level = top; level >= 1; --level)
        nearest = link_level(core, tall, level, nearest, offset, scratch);
    for (uint32_t level = top + 1; level <= levels; ++level)
        core.report_upper(tall, level);
    if (!entry || levels > entry->level || as_entry) {
        core.talls.set_entry(TallRows::Entry{tall, levels});
        if (core.sink != nullptr)
            core.sink->entry_changed(slot);
    }
    return ok();
}

} // namespace vexfs::index
