// SPDX-License-Identifier: Apache-2.0
#include "index/graph/consolidate.h"

#include <algorithm>
#include <cstring>

#include "index/graph/insert.h"
#include "index/graph/links.h"

namespace vexfs::index {
namespace {

constexpr uint32_t kDuePercent = 5;
// A row with fewer links than this after its repair is linked again from scratch.
constexpr uint32_t kFewLinks = 4;
// What a row may have as candidates: its links, and the links of all of them.
constexpr uint32_t kCandidatesMax = kLinks * (kLinks + 1);

} // namespace

bool Consolidation::is_due() const {
    const uint64_t dead = core_.dead_rows.load();
    return phase_ != Phase::kIdle ||
           (dead > 0 && dead * 100 >= uint64_t{core_.linked_rows.load()} * kDuePercent);
}

Result<Consolidation::Progress> Consolidation::step(uint32_t rows, Scratch& scratch,
                                                    std::vector<uint32_t>& released) {
    rows = std::max(rows, 1u);
    switch (phase_) {
    case Phase::kIdle:
        if (core_.dead_rows.load() == 0)
            return Progress::kIdle;
        begin();
        break;
    case Phase::kCondemn:
        condemn(rows);
        break;
    case Phase::kDrainInserts:
        if (!core_.epochs.all_past(epoch_))
            return Progress::kWaiting;
        inherit();
        break;
    case Phase::kRows:
        VEXFS_TRY_VOID(repair_rows(rows, scratch));
        break;
    case Phase::kWeak:
        VEXFS_TRY_VOID(relink_weak(rows, scratch));
        break;
    case Phase::kUpper:
        VEXFS_TRY_VOID(repair_upper(scratch));
        break;
    case Phase::kDrainReaders:
        if (!core_.epochs.all_past(epoch_))
            return Progress::kWaiting;
        phase_ = Phase::kRelease;
        break;
    case Phase::kRelease:
        release(rows, released);
        break;
    }
    return phase_ == Phase::kIdle ? Progress::kIdle : Progress::kWorking;
}

void Consolidation::begin() {
    cursor_ = 0;
    end_ = core_.rows();
    survivor_ = kNoLink;
    phase_ = Phase::kCondemn;
}

void Consolidation::condemn(uint32_t rows) {
    const uint32_t stop = end_ - cursor_ > rows ? cursor_ + rows : end_;
    for (; cursor_ < stop; ++cursor_) {
        if (!core_.knows(cursor_))
            continue;
        if ((core_.state(cursor_) & (kRowLinked | kRowDead)) != (kRowLinked | kRowDead))
            continue;
        core_.add_state(cursor_, kRowCondemned);
        condemned_.push_back(cursor_);
    }
    if (cursor_ < end_)
        return;
    // Inserts that began before may still link to a row that they saw alive.
    epoch_ = core_.epochs.advance();
    phase_ = Phase::kDrainInserts;
}

// A condemned row through which living ones are found passes its place on to the first of them.
// From here on nobody links to a condemned row; those who did meanwhile may stand in new slots.
void Consolidation::inherit() {
    end_ = core_.rows();
    linked_to_.assign((size_t{end_} + 63) / 64, 0);
    for (uint32_t slot : condemned_) {
        const uint8_t state = core_.state(slot);
        if ((state & kRowShared) == 0 || (state & kRowDuplicate) != 0)
            continue;
        uint32_t heir = core_.duplicates.next(slot);
        while (heir != kNoLink && is_condemned(heir))
            heir = core_.duplicates.next(heir);
        if (heir != kNoLink)
            take_over(slot, heir);
    }
    cursor_ = 0;
    phase_ = Phase::kRows;
}

void Consolidation::take_over(uint32_t condemned, uint32_t heir) {
    uint32_t links[kLinks];
    const uint32_t count = load_links(core_.row(condemned), kLinks, links);
    MutexLock lock(core_.row_lock(heir));
    core_.set_row(heir, {links, count});
    if (core_.duplicates.next(heir) != kNoLink) {
        core_.add_state(heir, kRowShared);
        if (core_.sink != nullptr) {
            for (uint32_t slot = core_.duplicates.next(heir); slot != kNoLink;
                 slot = core_.duplicates.next(slot))
                core_.sink->duplicate_added(slot, heir);
        }
    }
    core_.clear_state(heir, kRowDuplicate);
    heirs_[condemned] = heir;
}

uint32_t Consolidation::heir_of(uint32_t condemned) const {
    const auto found = heirs_.find(condemned);
    return found == heirs_.end() ? kNoLink : found->second;
}

Status Consolidation::repair_rows(uint32_t rows, Scratch& scratch) {
    VEXFS_TRY_VOID(scratch.prepare_selection(core_.config.shape, 2 * kCandidatesMax));
    const uint32_t stop = end_ - cursor_ > rows ? cursor_ + rows : end_;
    for (; cursor_ < stop; ++cursor_) {
        if (!core_.knows(cursor_))
            continue;
        const uint8_t state = core_.state(cursor_);
        if ((state & kRowLinked) == 0 || (state & (kRowCondemned | kRowDuplicate)) != 0)
            continue;
        if ((state & kRowShared) != 0)
            sweep_chain(cursor_);
        VEXFS_TRY_VOID(repair_row(cursor_, scratch));
        // A dead row leads on to living ones, if there is nothing better.
        if ((state & kRowDead) == 0 || survivor_ == kNoLink)
            survivor_ = cursor_;
    }
    if (cursor_ < end_)
        return ok();
    find_unlinked();
    cursor_ = 0;
    phase_ = Phase::kWeak;
    return ok();
}

// Takes the condemned duplicates out of the chain of a row that stays.
void Consolidation::sweep_chain(uint32_t slot) {
    MutexLock lock(core_.row_lock(slot));
    uint32_t previous = slot;
    for (uint32_t next = core_.duplicates.next(slot); next != kNoLink;
         next = core_.duplicates.next(previous)) {
        if (is_condemned(next))
            core_.duplicates.remove_after(previous);
        else
            previous = next;
    }
    if (core_.duplicates.next(slot) == kNoLink)
        core_.clear_state(slot, kRowShared);
}

Status Consolidation::repair_row(uint32_t slot, Scratch& scratch) {
    uint32_t links[kLinks];
    MutexLock lock(core_.row_lock(slot));
    uint32_t count = load_links(core_.row(slot), kLinks, links);
    const bool broken =
        std::any_of(links, links + count, [&](uint32_t link) { return is_condemned(link); });
    if (broken) {
        const uint32_t candidates = gather_candidates(slot, links, count, scratch);
        const int32_t offset =
            core_.code_loops.decode(core_.code(slot), scratch.pivot.data(), core_.blocks);
        count = core_.measure_and_select(scratch, scratch.pivot.data(), offset, candidates,
                                         core_.config.links_max, links);
        core_.set_row(slot, {links, count});
        if (count < kFewLinks)
            weak_.push_back(slot);
    }
    note_links(links, count);
    return ok();
}

// The row's neighbours that stay, and the neighbours of those that do not; each once.
uint32_t Consolidation::gather_candidates(uint32_t slot, const uint32_t* links, uint32_t count,
                                          Scratch& scratch) const {
    uint32_t* nodes = scratch.record_nodes.data();
    uint32_t found = 0;
    const auto add = [&](uint32_t node) {
        if (is_condemned(node))
            node = heir_of(node);
        if (node != kNoLink && node != slot)
            nodes[found++] = node;
    };
    for (uint32_t i = 0; i < count; ++i) {
        add(links[i]);
        if (!is_condemned(links[i]) || heir_of(links[i]) != kNoLink)
            continue;
        uint32_t behind[kLinks];
        const uint32_t behind_count = load_links(core_.row(links[i]), kLinks, behind);
        for (uint32_t j = 0; j < behind_count; ++j) {
            const bool dead = (core_.state(behind[j]) & kRowDead) != 0;
            if (!dead || heir_of(behind[j]) != kNoLink)
                add(behind[j]);
        }
    }
    std::sort(nodes, nodes + found);
    found = static_cast<uint32_t>(std::unique(nodes, nodes + found) - nodes);
    for (uint32_t i = 0; i < found; ++i)
        scratch.records[i] = core_.code(nodes[i]);
    return found;
}

void Consolidation::note_links(const uint32_t* links, uint32_t count) {
    for (uint32_t i = 0; i < count; ++i) {
        if (links[i] < end_)
            linked_to_[links[i] / 64] |= uint64_t{1} << (links[i] % 64);
    }
}

// Rows that lost all who linked to them can be found by nobody.
void Consolidation::find_unlinked() {
    for (uint32_t slot = 0; slot < end_; ++slot) {
        if ((linked_to_[slot / 64] >> (slot % 64) & 1) != 0 || !core_.knows(slot))
            continue;
        const uint8_t state = core_.state(slot);
        if ((state & (kRowLinked | kRowDead | kRowDuplicate)) == kRowLinked)
            weak_.push_back(slot);
    }
    std::sort(weak_.begin(), weak_.end());
    weak_.erase(std::unique(weak_.begin(), weak_.end()), weak_.end());
}

Status Consolidation::relink_weak(uint32_t rows, Scratch& scratch) {
    // A search costs as much as looking at many rows.
    for (uint32_t i = 0; i < rows / 64 + 1 && cursor_ < weak_.size(); ++i, ++cursor_)
        VEXFS_TRY_VOID(relink_row(core_, weak_[cursor_], scratch));
    if (cursor_ < weak_.size())
        return ok();
    phase_ = Phase::kUpper;
    return ok();
}

Status Consolidation::repair_upper(Scratch& scratch) {
    VEXFS_TRY_VOID(scratch.prepare_selection(core_.config.shape, 2 * kCandidatesMax));
    MutexLock lock(core_.talls.mutex());
    hand_down_talls();
    for (uint32_t tall = 0; tall < core_.talls.count(); ++tall) {
        if (core_.talls.levels(tall) == 0 || is_condemned(core_.talls.slot(tall)))
            continue;
        for (uint32_t level = 1; level <= core_.talls.levels(tall); ++level)
            repair_upper_row(tall, level, scratch);
    }
    VEXFS_TRY_VOID(replace_entry());
    epoch_ = core_.epochs.advance();
    cursor_ = 0;
    phase_ = Phase::kDrainReaders;
    return ok();
}

void Consolidation::hand_down_talls() {
    condemned_talls_.clear();
    for (uint32_t tall = 0; tall < core_.talls.count(); ++tall) {
        if (core_.talls.levels(tall) == 0 || !is_condemned(core_.talls.slot(tall)))
            continue;
        const uint32_t heir = heir_of(core_.talls.slot(tall));
        if (heir == kNoLink) {
            condemned_talls_.push_back(tall);
            continue;
        }
        core_.talls.set_slot(tall, heir);
        for (uint32_t level = 1; level <= core_.talls.levels(tall); ++level)
            core_.report_upper(tall, level);
        const std::optional<TallRows::Entry> entry = core_.talls.entry();
        if (core_.sink != nullptr && entry && entry->tall == tall)
            core_.sink->entry_changed(heir);
    }
}

void Consolidation::repair_upper_row(uint32_t tall, uint32_t level, Scratch& scratch) {
    const auto is_gone = [&](uint32_t other) {
        return is_condemned(core_.talls.slot(other));
    };
    uint32_t links[kUpperLinks];
    const uint32_t count = load_links(core_.talls.links(tall, level), kUpperLinks, links);
    if (std::none_of(links, links + count, is_gone))
        return;
    uint32_t* nodes = scratch.record_nodes.data();
    uint32_t found = 0;
    for (uint32_t i = 0; i < count; ++i) {
        if (!is_gone(links[i])) {
            nodes[found++] = links[i];
            continue;
        }
        uint32_t behind[kUpperLinks];
        const uint32_t behind_count =
            load_links(core_.talls.links(links[i], level), kUpperLinks, behind);
        for (uint32_t j = 0; j < behind_count; ++j) {
            if (behind[j] != tall && !is_gone(behind[j]))
                nodes[found++] = behind[j];
        }
    }
    std::sort(nodes, nodes + found);
    found = static_cast<uint32_t>(std::unique(nodes, nodes + found) - nodes);
    for (uint32_t i = 0; i < found; ++i)
        scratch.records[i] = core_.code(core_.talls.slot(nodes[i]));
    const int32_t offset = core_.code_loops.decode(core_.code(core_.talls.slot(tall)),
                                                   scratch.pivot.data(), core_.blocks);
    const uint32_t kept =
        core_.measure_and_select(scratch, scratch.pivot.data(), offset, found, kUpperLinks, links);
    write_links(core_.talls.links(tall, level), kUpperLinks, {links, kept});
    core_.report_upper(tall, level);
}

// If the search begins at a condemned row, it begins at the highest that stays from here on.
Status Consolidation::replace_entry() {
    const std::optional<TallRows::Entry> entry = core_.talls.entry();
    if (entry && !is_condemned(core_.talls.slot(entry->tall)))
        return ok();
    std::optional<TallRows::Entry> best;
    for (uint32_t tall = 0; tall < core_.talls.count(); ++tall) {
        const uint32_t levels = core_.talls.levels(tall);
        if (levels > 0 && !is_condemned(core_.talls.slot(tall)) && (!best || levels > best->level))
            best = TallRows::Entry{tall, levels};
    }
    if (!best && survivor_ != kNoLink) {
        const uint32_t tall = VEXFS_TRY(core_.talls.add(survivor_, 1));
        core_.report_upper(tall, 1);
        best = TallRows::Entry{tall, 1};
    }
    if (!entry && !best)
        return ok();
    core_.talls.set_entry(best);
    if (core_.sink != nullptr)
        core_.sink->entry_changed(best ? core_.talls.slot(best->tall) : kNoLink);
    return ok();
}

void Consolidation::release(uint32_t rows, std::vector<uint32_t>& released) {
    if (!condemned_talls_.empty()) {
        MutexLock lock(core_.talls.mutex());
        for (uint32_t tall : condemned_talls_)
            core_.talls.release(tall);
        condemned_talls_.clear();
    }
    for (uint32_t i = 0; i < rows && !condemned_.empty(); ++i) {
        const uint32_t slot = condemned_.back();
        condemned_.pop_back();
        std::memset(core_.codes.row(slot), 0, core_.config.shape.record_bytes);
        core_.duplicates.cut(slot);
        if (core_.sink != nullptr)
            core_.sink->row_released(slot);
        core_.linked_rows.fetch_sub(1);
        core_.dead_rows.fetch_sub(1);
        core_.clear_state(slot, 0xff);
        released.push_back(slot);
    }
    if (!condemned_.empty())
        return;
    heirs_.clear();
    weak_.clear();
    linked_to_.clear();
    phase_ = Phase::kIdle;
}

} // namespace vexfs::index
