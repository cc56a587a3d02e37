// SPDX-License-Identifier: Apache-2.0
#include "index/graph/insert.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/random.h"
#include "index/graph/links.h"
#include "index/graph/upper_insert.h"

namespace vexfs::index {
namespace {

constexpr uint32_t kHastyShare = 8; // of ef_construction
constexpr uint32_t kHastyEfMin = 16;
constexpr uint32_t kHastyLinks = 12;

// Scans may be reading one that was placed: then it is there already.
void write_record(GraphCore& core, uint32_t slot, const uint8_t* record) {
    const size_t bytes = core.config.shape.record_bytes;
    if (std::memcmp(core.code(slot), record, bytes) != 0)
        std::memcpy(core.codes.row(slot), record, bytes);
}

// One insert in progress.
// Threads: one thread.
class Insertion {
  public:
    Insertion(GraphCore& core, uint32_t slot, const InsertEffort& effort, Scratch& scratch)
        : core_(core), slot_(slot), effort_(effort), scratch_(scratch) {}

    Status run();
    Status run_again();

  private:
    Status link_base(uint32_t entry_slot);
    Status find_candidates(uint32_t entry_slot);
    Result<bool> joined_equal_row(const Walk& walk);
    Result<bool> join(uint32_t shared);
    void take_candidates(const Walk& walk);
    void add_link(uint32_t from, uint32_t to);
    void prune_row(uint32_t slot, const uint32_t* links, uint32_t count);

    GraphCore& core_;
    const uint32_t slot_;
    const InsertEffort effort_;
    Scratch& scratch_;
    int32_t offset_ = 0;
    uint32_t candidates_ = 0;
    bool joins_ = true; // an equal row, if there is one
    bool joined_ = false;
};

Status Insertion::run() {
    offset_ = core_.code_loops.decode(core_.code(slot_), scratch_.origin.data(), core_.blocks);
    std::optional<TallRows::Entry> entry = core_.talls.entry();
    if (!entry) {
        const bool first = VEXFS_TRY(insert_first_row(core_, slot_));
        if (first)
            return ok();
        entry = core_.talls.entry();
    }
    WalkCounters counters;
    const uint32_t nearest = core_.loops.descend(core_.view, scratch_.origin.data(), entry->tall,
                                                 entry->level, 1, counters);
    VEXFS_TRY_VOID(link_base(core_.talls.slot(nearest)));
    if (joined_)
        return ok();
    uint32_t levels = upper_levels_of(core_.config.seed, slot_);
    // A row that found nobody alive is reached from nowhere unless the search begins at it.
    const bool alone = candidates_ == 0;
    if (levels == 0 && !alone)
        return ok();
    const Status raised =
        insert_upper(core_, slot_, alone ? std::max(levels, 1u) : levels, alone, scratch_);
    // Others lead to the row without its upper levels too.
    if (raised || !alone)
        return ok();
    MutexLock lock(core_.row_lock(slot_));
    core_.clear_state(slot_, kRowLinked);
    core_.linked_rows.fetch_sub(1);
    if (core_.sink != nullptr)
        core_.sink->row_released(slot_);
    return raised;
}

// The row has its levels and may have links; what is found is put beside them.
Status Insertion::run_again() {
    const std::optional<TallRows::Entry> entry = core_.talls.entry();
    if (!entry)
        return ok();
    offset_ = core_.code_loops.decode(core_.code(slot_), scratch_.origin.data(), core_.blocks);
    joins_ = false;
    WalkCounters counters;
    const uint32_t nearest = core_.loops.descend(core_.view, scratch_.origin.data(), entry->tall,
                                                 entry->level, 1, counters);
    VEXFS_TRY_VOID(find_candidates(core_.talls.slot(nearest)));
    uint32_t picked[kLinks];
    const uint32_t count = core_.select_sorted(scratch_, candidates_, effort_.links, picked);
    for (uint32_t i = 0; i < count; ++i) {
        add_link(slot_, picked[i]);
        add_link(picked[i], slot_);
    }
    return ok();
}

Status Insertion::link_base(uint32_t entry_slot) {
    VEXFS_TRY_VOID(find_candidates(entry_slot));
    if (joined_)
        return ok();
    uint32_t picked[kLinks];
    const uint32_t count = core_.select_sorted(scratch_, candidates_, effort_.links, picked);
    {
        MutexLock lock(core_.row_lock(slot_));
        core_.set_row(slot_, {picked, count});
        core_.add_state(slot_, kRowLinked);
    }
    core_.linked_rows.fetch_add(1);
    for (uint32_t i = 0; i < count; ++i)
        add_link(picked[i], slot_);
    return ok();
}

// The nearest rows that are alive, into the scratch. The search is widened if it meets only the
// dead.
Status Insertion::find_candidates(uint32_t entry_slot) {
    uint32_t ef = std::max(effort_.ef, 1u);
    for (;; ef = ef > kMaxSlots / 8 ? kMaxSlots / 2 : ef * 4) {
        VEXFS_TRY_VOID(scratch_.prepare_walk(core_.rows(), ef));
        VEXFS_TRY_VOID(scratch_.prepare_selection(core_.config.shape, ef));
        Walk walk = scratch_.start_walk(core_.view, scratch_.origin.data(), ef, ef);
        walk.entry = entry_slot;
        core_.loops.walk(walk);
        scratch_.end_walk();
        if (joins_)
            joined_ = VEXFS_TRY(joined_equal_row(walk));
        if (joined_)
            return ok();
        take_candidates(walk);
        if (candidates_ > 0 || walk.size < walk.capacity)
            return ok();
    }
}

// A row whose code is the same, byte for byte, has the distance that the code has from itself.
Result<bool> Insertion::joined_equal_row(const Walk& walk) {
    const uint8_t* self = core_.code(slot_);
    int32_t own = 0;
    core_.code_loops.gather(&self, 1, scratch_.origin.data(), core_.blocks, &own);
    for (uint32_t i = 0; i < walk.size && walk.distances[i] <= own; ++i) {
        const uint32_t node = walk.nodes[i] & ~kExpanded;
        if (walk.distances[i] != own || node == slot_)
            continue;
        if (std::memcmp(core_.code(node), self, core_.config.shape.record_bytes) != 0)
            continue;
        const bool joined = VEXFS_TRY(join(node));
        if (joined)
            return true;
    }
    return false;
}

Result<bool> Insertion::join(uint32_t shared) {
    MutexLock lock(core_.row_lock(shared));
    const uint8_t state = core_.state(shared);
    if ((state & kRowLinked) == 0 || (state & (kRowDead | kRowDuplicate)) != 0)
        return false;
    core_.add_state(slot_, kRowLinked | kRowDuplicate);
    if (const Status placed = core_.duplicates.insert_after(shared, slot_); !placed) {
        core_.clear_state(slot_, kRowLinked | kRowDuplicate);
        return placed.error();
    }
    core_.add_state(shared, kRowShared);
    core_.linked_rows.fetch_add(1);
    if (core_.sink != nullptr)
        core_.sink->duplicate_added(slot_, shared);
    return true;
}

void Insertion::take_candidates(const Walk& walk) {
    candidates_ = 0;
    for (uint32_t i = 0; i < walk.size; ++i) {
        const uint32_t node = walk.nodes[i] & ~kExpanded;
        if (node == slot_ || (core_.state(node) & (kRowLinked | kRowDead)) != kRowLinked)
            continue;
        scratch_.records[candidates_] = core_.code(node);
        scratch_.record_nodes[candidates_] = node;
        scratch_.record_distances[candidates_] = offset_distance(walk.distances[i], offset_);
        ++candidates_;
    }
}

// A full row is chosen again from what it has and the newcomer; until then it takes what comes.
void Insertion::add_link(uint32_t from, uint32_t to) {
    MutexLock lock(core_.row_lock(from));
    uint32_t links[kLinks + 1];
    uint32_t* row = core_.row(from);
    const uint32_t count = load_links(row, kLinks, links);
    if (std::find(links, links + count, to) != links + count)
        return;
    links[count] = to;
    if (count >= core_.config.links_max) {
        prune_row(from, links, count + 1);
        return;
    }
    store_link(row + count, to);
    if (core_.sink != nullptr)
        core_.sink->links_changed(from, 0, {links, count + 1});
}

void Insertion::prune_row(uint32_t slot, const uint32_t* links, uint32_t count) {
    const int32_t offset =
        core_.code_loops.decode(core_.code(slot), scratch_.pivot.data(), core_.blocks);
    for (uint32_t i = 0; i < count; ++i) {
        scratch_.records[i] = core_.code(links[i]);
        scratch_.record_nodes[i] = links[i];
    }
    uint32_t picked[kLinks];
    const uint32_t kept = core_.measure_and_select(scratch_, scratch_.pivot.data(), offset, count,
                                                   core_.config.links_max, picked);
    core_.set_row(slot, {picked, kept});
}

} // namespace

uint32_t upper_levels_of(uint64_t seed, uint32_t slot) {
    const double chance = Random(seed ^ uint64_t{slot} << 20).unit();
    const double levels = -std::log(1.0 - chance) / std::log(double{kUpperLinks});
    return static_cast<uint32_t>(std::min(levels, double{kMaxLevel}));
}

InsertEffort full_effort(const GraphConfig& config) {
    return {config.ef_construction, config.links_of_insert};
}

InsertEffort hasty_effort(const GraphConfig& config) {
    return {std::max(config.ef_construction / kHastyShare, kHastyEfMin),
            std::min(config.links_of_insert, kHastyLinks)};
}

Status relink_row(GraphCore& core, uint32_t slot, Scratch& scratch) {
    VEXFS_TRY_VOID(scratch.prepare_selection(core.config.shape, 4 * kLinks));
    const ReaderEpochs::Guard guard(core.epochs, scratch.epoch_hint);
    return Insertion(core, slot, full_effort(core.config), scratch).run_again();
}

Status improve_row(GraphCore& core, uint32_t slot, Scratch& scratch) {
    VEXFS_TRY_VOID(scratch.prepare_selection(core.config.shape, 4 * kLinks));
    const ReaderEpochs::Guard guard(core.epochs, scratch.epoch_hint);
    constexpr uint8_t kAsked = kRowLinked | kRowDead | kRowDuplicate;
    if (!core.knows(slot) || (core.state(slot) & kAsked) != kRowLinked)
        return ok();
    return Insertion(core, slot, full_effort(core.config), scratch).run_again();
}

Status place_record(GraphCore& core, uint32_t slot, const uint8_t* record) {
    if (slot >= kMaxSlots)
        return fail(Code::kEFBIG, "graph: slot number");
    VEXFS_TRY_VOID(core.ensure(slot));
    write_record(core, slot, record);
    return ok();
}

Status insert_row(GraphCore& core, uint32_t slot, const uint8_t* record, const InsertEffort& effort,
                  Scratch& scratch) {
    if (slot >= kMaxSlots)
        return fail(Code::kEFBIG, "graph: slot number");
    VEXFS_TRY_VOID(core.ensure(slot));
    VEXFS_TRY_VOID(scratch.prepare_selection(core.config.shape, 4 * kLinks));
    if ((core.add_state(slot, kRowTaken) & kRowTaken) != 0)
        return fail(Code::kEEXIST, "graph: the slot is in use");
    write_record(core, slot, record);
    core.raise_rows(slot);
    const ReaderEpochs::Guard guard(core.epochs, scratch.epoch_hint);
    const Status status = Insertion(core, slot, effort, scratch).run();
    if (!status && (core.state(slot) & kRowLinked) == 0)
        core.clear_state(slot, kRowTaken);
    return status;
}

} // namespace vexfs::index
