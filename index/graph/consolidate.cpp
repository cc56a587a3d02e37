// SPDX-License-Identifier: Apache-2.0
#include "index/graph/consolidate.h"

#include <algorithm>
#include <cstring>

#include "base/guard.h"
#include "index/graph/insert.h"
#include "index/graph/links.h"

namespace vexfs::index {
namespace {

constexpr uint32_t kDuePercent = 5;
// A row with fewer links than this after its repair is linked again from scratch.
constexpr uint32_t kFewLinks = 4;
// So many glances at the state of a row cost less than a look at one row's links (4 ns, 3,700 ns).
constexpr uint64_t kGlancesOfLook = 64;
// What a row may have as candidates: its links, and the links of all of them.
constexpr uint32_t kCandidatesMax = kLinks * (kLinks + 1);

// Where a piece ends that begins at the cursor and looks at states alone.
uint32_t glance_end(uint32_t cursor, uint32_t rows, uint32_t end) {
    return static_cast<uint32_t>(std::min<uint64_t>(cursor + rows * kGlancesOfLook, end));
}

} // namespace

bool Consolidation::is_due() const {
    const uint64_t dead = core_.dead_rows.load();
    return phase_ != Phase::kIdle ||
           (dead > 0 && dead * 100 >= uint64_t{core_.linked_rows.load()} * kDuePercent);
}

Result<Consolidation::Progress> Consolidation::step(uint32_t rows, Scratch& scratch,
                                                    std::vector<uint32_t>& released) {
    return guard(fail(Code::kENOMEM, "consolidation: no memory"),
                 [&] { return advance(std::max(rows, 1u), scratch, released); });
}

Result<Consolidation::Progress> Consolidation::advance(uint32_t rows, Scratch& scratch,
                                                       std::vector<uint32_t>& released) {
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
        // Those who came meanwhile may stand in new slots.
        end_ = core_.rows();
        linked_to_.assign((size_t{end_} + 63) / 64, 0);
        enter(Phase::kInherit);
        break;
    case Phase::kInherit:
        inherit(rows);
        break;
    case Phase::kRows:
        VEXFS_TRY_VOID(repair_rows(rows, scratch));
        break;
    case Phase::kUnlinked:
        find_unlinked(rows);
        break;
    case Phase::kWeak:
        VEXFS_TRY_VOID(relink_weak(rows, scratch));
        break;
    case Phase::kHandDown:
        hand_down_talls(rows);
        break;
    case Phase::kUpper:
        VEXFS_TRY_VOID(repair_upper(rows, scratch));
        break;
    case Phase::kDrainReaders:
        if (!core_.epochs.all_past(epoch_))
            return Progress::kWaiting;
        enter(Phase::kRelease);
        break;
    case Phase::kRelease:
        release(rows, released);
        break;
    }
    return phase_ == Phase::kIdle ? Progress::kIdle : Progress::kWorking;
}

void Consolidation::enter(Phase phase) {
    cursor_ = 0;
    chain_ = kNoLink;
    phase_ = phase;
}

void Consolidation::begin() {
    end_ = core_.rows();
    survivor_ = kNoLink;
    highest_.reset();
    enter(Phase::kCondemn);
}

void Consolidation::condemn(uint32_t rows) {
    const uint32_t stop = glance_end(cursor_, rows, end_);
    for (; cursor_ < stop; ++cursor_) {
        if (!core_.knows(cursor_))
            continue;
        if ((core_.state(cursor_) & (kRowLinked | kRowDead)) != (kRowLinked | kRowDead))
            continue;
        condemned_.push_back(cursor_);
        core_.add_state(cursor_, kRowCondemned);
    }
    if (cursor_ < end_)
        return;
    // Inserts that began before may still link to a row that they saw alive.
    epoch_ = core_.epochs.advance();
    enter(Phase::kDrainInserts);
}

// A condemned row through which living ones are found passes its place on to the first of them.
// From here on nobody links to a condemned row. Every turn looks at one row, of a chain too.
void Consolidation::inherit(uint32_t rows) {
    for (uint32_t turn = 0; turn < rows && cursor_ < condemned_.size(); ++turn) {
        const uint32_t slot = condemned_[cursor_];
        const uint8_t state = core_.state(slot);
        uint32_t next = kNoLink;
        if ((state & kRowShared) != 0 && (state & kRowDuplicate) == 0)
            next = core_.duplicates.next(chain_ == kNoLink ? slot : chain_);
        if (next != kNoLink && !is_condemned(next)) {
            const uint32_t heir = heir_of(slot);
            if (heir == kNoLink)
                take_over(slot, next);
            else
                report_duplicate(next, heir);
        }
        chain_ = next;
        if (next == kNoLink)
            ++cursor_;
    }
    if (cursor_ >= condemned_.size())
        enter(Phase::kRows);
}

void Consolidation::take_over(uint32_t condemned, uint32_t heir) {
    heirs_[condemned] = heir;
    uint32_t links[kLinks];
    const uint32_t count = load_links(core_.row(condemned), kLinks, links);
    MutexLock lock(core_.row_lock(heir));
    core_.set_row(heir, {links, count});
    if (core_.duplicates.next(heir) != kNoLink)
        core_.add_state(heir, kRowShared);
    core_.clear_state(heir, kRowDuplicate);
}

void Consolidation::report_duplicate(uint32_t slot, uint32_t shared) {
    if (core_.sink == nullptr)
        return;
    MutexLock lock(core_.row_lock(shared));
    core_.sink->duplicate_added(slot, shared);
}

uint32_t Consolidation::heir_of(uint32_t condemned) const {
    const auto found = heirs_.find(condemned);
    return found == heirs_.end() ? kNoLink : found->second;
}

bool Consolidation::stays(uint32_t slot) const {
    if (!core_.knows(slot))
        return false;
    const uint8_t state = core_.state(slot);
    return (state & (kRowLinked | kRowCondemned | kRowDuplicate)) == kRowLinked;
}

Status Consolidation::repair_rows(uint32_t rows, Scratch& scratch) {
    VEXFS_TRY_VOID(scratch.prepare_selection(core_.config.shape, 2 * kCandidatesMax));
    for (uint32_t turn = 0; turn < rows && cursor_ < end_; ++turn) {
        if (stays(cursor_)) {
            if (sweep_next(cursor_))
                continue;
            repair_row(cursor_, scratch);
            // A dead row leads on to living ones, if there is nothing better.
            if ((core_.state(cursor_) & kRowDead) == 0 || survivor_ == kNoLink)
                survivor_ = cursor_;
        }
        ++cursor_;
    }
    if (cursor_ < end_)
        return ok();
    few_links_ = weak_.size();
    enter(Phase::kUnlinked);
    return ok();
}

// Takes the next row out of the chain of a row that stays if it is condemned. False at the end of
// the chain.
bool Consolidation::sweep_next(uint32_t slot) {
    if ((core_.state(slot) & kRowShared) == 0)
        return false;
    MutexLock lock(core_.row_lock(slot));
    const uint32_t previous = chain_ == kNoLink ? slot : chain_;
    const uint32_t next = core_.duplicates.next(previous);
    if (next == kNoLink) {
        chain_ = kNoLink;
        if (core_.duplicates.next(slot) == kNoLink)
            core_.clear_state(slot, kRowShared);
        return false;
    }
    if (is_condemned(next))
        core_.duplicates.remove_after(previous);
    else
        chain_ = next;
    return true;
}

void Consolidation::repair_row(uint32_t slot, Scratch& scratch) {
    uint32_t links[kLinks];
    MutexLock lock(core_.row_lock(slot));
    uint32_t count = load_links(core_.row(slot), kLinks, links);
    const bool broken =
        std::any_of(links, links + count, [&](uint32_t link) { return is_condemned(link); });
    if (broken) {
        weak_.push_back(slot); // first: it may be the last memory, and the row shows it no more
        const uint32_t candidates = gather_candidates(slot, links, count, scratch);
        const int32_t offset =
            core_.code_loops.decode(core_.code(slot), scratch.pivot.data(), core_.blocks);
        count = core_.measure_and_select(scratch, scratch.pivot.data(), offset, candidates,
                                         core_.config.links_max, links);
        core_.set_row(slot, {links, count});
        if (count >= kFewLinks)
            weak_.pop_back();
    }
    note_links(links, count);
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
void Consolidation::find_unlinked(uint32_t rows) {
    const auto few_links = [&](uint32_t slot) {
        const auto end = weak_.begin() + static_cast<ptrdiff_t>(few_links_);
        return std::binary_search(weak_.begin(), end, slot);
    };
    const uint32_t stop = glance_end(cursor_, rows, end_);
    for (; cursor_ < stop; ++cursor_) {
        const bool linked_to = (linked_to_[cursor_ / 64] >> (cursor_ % 64) & 1) != 0;
        if (linked_to || !stays(cursor_) || (core_.state(cursor_) & kRowDead) != 0)
            continue;
        if (!few_links(cursor_))
            weak_.push_back(cursor_);
    }
    if (cursor_ == end_)
        enter(Phase::kWeak);
}

Status Consolidation::relink_weak(uint32_t rows, Scratch& scratch) {
    // A search costs as much as looking at many rows.
    for (uint32_t i = 0; i < rows / 64 + 1 && cursor_ < weak_.size(); ++i, ++cursor_)
        VEXFS_TRY_VOID(relink_row(core_, weak_[cursor_], scratch));
    if (cursor_ >= weak_.size())
        enter(Phase::kHandDown);
    return ok();
}

// The talls of a condemned row go to its heir. Rows whose links lead to them are told of again when
// they are looked at: the same words name another slot.
void Consolidation::hand_down_talls(uint32_t rows) {
    MutexLock lock(core_.talls.mutex());
    for (uint32_t turn = 0; turn < rows && cursor_ < core_.talls.count(); ++turn, ++cursor_) {
        const uint32_t slot = core_.talls.slot(cursor_);
        if (core_.talls.levels(cursor_) == 0 || !is_condemned(slot))
            continue;
        const uint32_t heir = heir_of(slot);
        if (heir == kNoLink) {
            condemned_talls_.push_back(cursor_);
            continue;
        }
        handed_down_.push_back(cursor_);
        core_.talls.set_slot(cursor_, heir);
        for (uint32_t level = 1; level <= core_.talls.levels(cursor_); ++level)
            core_.report_upper(cursor_, level);
        const std::optional<TallRows::Entry> entry = core_.talls.entry();
        if (core_.sink != nullptr && entry && entry->tall == cursor_)
            core_.sink->entry_changed(heir);
    }
    if (cursor_ >= core_.talls.count())
        enter(Phase::kUpper);
}

Status Consolidation::repair_upper(uint32_t rows, Scratch& scratch) {
    VEXFS_TRY_VOID(scratch.prepare_selection(core_.config.shape, 2 * kCandidatesMax));
    MutexLock lock(core_.talls.mutex());
    // A tall costs a third of a row (1,000 ns), and inserts wait for the mutex.
    const uint32_t turns = rows / 4 + 1;
    for (uint32_t turn = 0; turn < turns && cursor_ < core_.talls.count(); ++turn, ++cursor_) {
        const uint32_t levels = core_.talls.levels(cursor_);
        if (levels == 0 || is_condemned(core_.talls.slot(cursor_)))
            continue;
        for (uint32_t level = 1; level <= levels; ++level)
            repair_upper_row(cursor_, level, scratch);
        if (!highest_ || levels > highest_->level)
            highest_ = TallRows::Entry{cursor_, levels};
    }
    if (cursor_ < core_.talls.count())
        return ok();
    VEXFS_TRY_VOID(replace_entry());
    epoch_ = core_.epochs.advance();
    enter(Phase::kDrainReaders);
    return ok();
}

void Consolidation::repair_upper_row(uint32_t tall, uint32_t level, Scratch& scratch) {
    const auto is_gone = [&](uint32_t other) {
        return is_condemned(core_.talls.slot(other));
    };
    uint32_t links[kUpperLinks];
    const uint32_t count = load_links(core_.talls.links(tall, level), kUpperLinks, links);
    const auto is_handed_down = [&](uint32_t other) {
        return std::binary_search(handed_down_.begin(), handed_down_.end(), other);
    };
    if (std::none_of(links, links + count, is_gone)) {
        if (std::any_of(links, links + count, is_handed_down))
            core_.report_upper(tall, level);
        return;
    }
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
    if (!highest_ && survivor_ != kNoLink) {
        const uint32_t tall = VEXFS_TRY(core_.talls.add(survivor_, 1));
        core_.report_upper(tall, 1);
        highest_ = TallRows::Entry{tall, 1};
    }
    if (!entry && !highest_)
        return ok();
    core_.talls.set_entry(highest_);
    if (core_.sink != nullptr)
        core_.sink->entry_changed(highest_ ? core_.talls.slot(highest_->tall) : kNoLink);
    return ok();
}

// Nobody holds what is condemned any more.
void Consolidation::release(uint32_t rows, std::vector<uint32_t>& released) {
    if (!condemned_talls_.empty()) {
        MutexLock lock(core_.talls.mutex());
        for (; rows > 0 && !condemned_talls_.empty(); --rows) {
            core_.talls.release(condemned_talls_.back());
            condemned_talls_.pop_back();
        }
    }
    const size_t count = std::min<size_t>(rows, condemned_.size());
    released.reserve(released.size() + count); // all that can fail comes before the first of them
    for (size_t i = 0; i < count; ++i) {
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
    handed_down_.clear();
    weak_.clear();
    linked_to_.clear();
    enter(Phase::kIdle);
}

} // namespace vexfs::index
