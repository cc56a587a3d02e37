// SPDX-License-Identifier: Apache-2.0
#include "index/graph/graph_loader.h"

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstring>
#include <thread>

#include "base/assert.h"
#include "base/bytes.h"
#include "base/guard.h"
#include "index/graph/links.h"

namespace vexfs::index {
namespace {

constexpr size_t kAhead = 8;              // rows that are fetched while others are looked at
constexpr uint32_t kScatter = 0x9E3779B1; // spreads neighbouring numbers over the upper bits
constexpr size_t kRowsOfPart = 8192;      // fewer are not worth a thread
constexpr int kLeadRounds = 8;            // a hostile graph could want as many as it has rows

Error no_memory() {
    return fail(Code::kENOMEM, "graph loader: no memory");
}

// Does parts from 0 on at once, those that get no thread one after the other. `work` throws
// nothing.
template <typename Work>
void in_parts(size_t parts, const Work& work) {
    std::vector<std::thread> threads;
    size_t begun = 1;
    static_cast<void>(guard(no_memory(), [&]() -> Status {
        threads.reserve(parts);
        for (; begun < parts; ++begun)
            threads.emplace_back([&work, part = begun] { work(part); });
        return ok();
    }));
    work(0);
    for (; begun < parts; ++begun)
        work(begun);
    for (std::thread& thread : threads)
        thread.join();
}

// A row of links has two lines of the processor's cache.
void prefetch_links(const uint32_t* row) {
    __builtin_prefetch(row);
    __builtin_prefetch(row + kLinks / 2);
}

} // namespace

GraphLoader::GraphLoader(Graph& graph, uint32_t slot_end)
    : core_(graph.core()), slot_end_(slot_end) {
    VEXFS_ASSERT(slot_end <= kMaxSlots && core_.rows() == 0);
}

Status GraphLoader::prepare() {
    if (!kinds_.empty() || slot_end_ == 0)
        return ok();
    VEXFS_TRY_VOID(core_.ensure(slot_end_ - 1)); // pages know then that they will be full
    return guard(no_memory(), [&]() -> Status {
        kinds_.resize(slot_end_);
        return ok();
    });
}

Status GraphLoader::add_code(uint32_t slot, const uint8_t* record) {
    if (slot >= slot_end_)
        return fail(Code::kEINVAL, "graph loader: slot of a code");
    VEXFS_TRY_VOID(prepare());
    VEXFS_TRY_VOID(core_.ensure(slot));
    std::memcpy(core_.codes.row(slot), record, core_.config.shape.record_bytes);
    kinds_[slot] = std::max(kinds_[slot], static_cast<uint8_t>(kCode));
    return ok();
}

Status GraphLoader::add_node(uint32_t slot, const uint8_t* record,
                             std::span<const uint32_t> links) {
    if (links.size() > kLinks)
        return fail(Code::kEINVAL, "graph loader: number of links");
    VEXFS_TRY_VOID(add_code(slot, record));
    set_links(slot, links);
    return ok();
}

void GraphLoader::reject(uint32_t slot) {
    if (!is_row(slot))
        return;
    forget(slot);
    kinds_[slot] = kNothing;
}

Status GraphLoader::apply(Bytes records) {
    return guard(no_memory(), [&] { return apply_all(records); });
}

Status GraphLoader::apply_all(Bytes records) {
    ByteReader reader(records);
    while (reader.remaining() > 0) {
        const ChangeHead head = VEXFS_TRY(read_change_head(reader));
        const Bytes raw = VEXFS_TRY(reader.take(size_t{head.count} * sizeof(uint32_t)));
        if (head.kind < static_cast<uint8_t>(ChangeKind::kNeighbours) ||
            head.kind > static_cast<uint8_t>(ChangeKind::kEntry))
            return fail(Code::kEBADMSG, "graph loader: kind of a record");
        uint32_t links[kLinks] = {};
        const bool fits = head.count <= kLinks && is_row(head.slot);
        for (uint32_t i = 0; fits && i < head.count; ++i)
            links[i] = load_le<uint32_t>(raw.data() + i * sizeof(uint32_t));
        apply_one(head, links, fits);
    }
    return ok();
}

void GraphLoader::apply_one(const ChangeHead& head, const uint32_t* links, bool fits) {
    const auto kind = static_cast<ChangeKind>(head.kind);
    if (kind == ChangeKind::kEntry) {
        entry_ = head.slot;
    } else if (kind == ChangeKind::kReleased) {
        forget(head.slot);
    } else if (kind == ChangeKind::kNeighbours && fits) {
        take_links(head, links);
    } else if (kind == ChangeKind::kDuplicate && fits && head.count == 1) {
        forget(head.slot);
        shared_[head.slot] = links[0];
    } else {
        ++report_.rejected_records;
    }
}

void GraphLoader::take_links(const ChangeHead& head, const uint32_t* links) {
    if (head.level != 0) {
        take_upper(head, links);
        return;
    }
    set_links(head.slot, {links, head.count});
    shared_.erase(head.slot);
}

// A row of impossible links is not linked.
void GraphLoader::set_links(uint32_t slot, std::span<const uint32_t> links) {
    write_links(core_.row(slot), kLinks, links);
    kinds_[slot] = links_possible(slot, links) ? kNode : kCode;
}

void GraphLoader::take_upper(const ChangeHead& head, const uint32_t* links) {
    if (head.level > kMaxLevel || head.count > kUpperLinks) {
        ++report_.rejected_records;
        return;
    }
    upper_places_.resize(slot_end_);
    Upper* known = upper_of(head.slot);
    if (known == nullptr) {
        known = &uppers_.emplace_back();
        known->slot = head.slot;
        upper_places_[head.slot] = static_cast<uint32_t>(uppers_.size());
    }
    Upper& upper = *known;
    upper.begins[head.level - 1] = upper_links_.size();
    upper.counts[head.level - 1] = static_cast<uint8_t>(head.count);
    upper_links_.insert(upper_links_.end(), links, links + head.count);
    upper.levels |= static_cast<uint8_t>(1u << (head.level - 1));
}

// Whatever was said about the row's place in the graph before.
void GraphLoader::forget(uint32_t slot) {
    if (!is_row(slot))
        return;
    kinds_[slot] = kCode;
    if (slot < upper_places_.size())
        upper_places_[slot] = 0;
    shared_.erase(slot);
}

GraphLoader::Upper* GraphLoader::upper_of(uint32_t slot) {
    const uint32_t place = slot < upper_places_.size() ? upper_places_[slot] : 0;
    return place == 0 ? nullptr : &uppers_[place - 1];
}

bool GraphLoader::is_node(uint32_t slot) const {
    return slot < kinds_.size() && kinds_[slot] >= kNode;
}

bool GraphLoader::links_possible(uint32_t slot, std::span<const uint32_t> links) const {
    std::array<uint64_t, 16> seen{}; // a bit per link, which some may share
    for (auto link = links.begin(); link != links.end(); ++link) {
        if (*link >= slot_end_ || *link == slot)
            return false;
        const uint32_t place = *link * kScatter >> 22;
        const uint64_t bit = uint64_t{1} << (place % 64);
        if ((seen[place / 64] & bit) != 0 && std::find(links.begin(), link, *link) != link)
            return false;
        seen[place / 64] |= bit;
    }
    return true;
}

Result<LoadReport> GraphLoader::finish(size_t threads) {
    threads_ = std::max<size_t>(threads, 1);
    VEXFS_TRY_VOID(guard(no_memory(), [&] { return put_together(); }));
    return std::move(report_);
}

Status GraphLoader::put_together() {
    VEXFS_TRY_VOID(place_talls());
    link_talls();
    VEXFS_TRY_VOID(place_entry());
    VEXFS_TRY_VOID(reach());
    VEXFS_TRY_VOID(join_duplicates());
    for (uint32_t slot = 0; slot < kinds_.size(); ++slot) {
        if (kinds_[slot] != kNothing && core_.state(slot) == 0)
            report_.pending.push_back(slot);
    }
    return ok();
}

// A row is tall as far up as its levels were given without a gap and with possible links.
Status GraphLoader::place_talls() {
    MutexLock lock(core_.talls.mutex());
    for (Upper& upper : uppers_) {
        if (!is_current(upper) || !is_node(upper.slot))
            continue;
        auto levels = static_cast<uint32_t>(std::countr_one(upper.levels));
        for (uint32_t level = 0; level < levels; ++level) {
            if (!links_possible(upper.slot, links_of(upper, level + 1)))
                levels = level;
        }
        if (levels > 0)
            upper.tall = VEXFS_TRY(core_.talls.add(upper.slot, levels));
    }
    return ok();
}

void GraphLoader::link_talls() {
    MutexLock lock(core_.talls.mutex());
    for (const Upper& upper : uppers_) {
        if (upper.tall == kNoLink)
            continue;
        for (uint32_t level = 1; level <= core_.talls.levels(upper.tall); ++level) {
            uint32_t links[kUpperLinks], kept = 0;
            for (const uint32_t link : links_of(upper, level)) {
                const Upper* const other = upper_of(link);
                const bool there = other != nullptr && other->tall != kNoLink &&
                                   core_.talls.levels(other->tall) >= level;
                if (there)
                    links[kept++] = other->tall;
                else
                    ++report_.dropped_links;
            }
            write_links(core_.talls.links(upper.tall, level), kUpperLinks, {links, kept});
        }
    }
}

// The entry that was given if it is tall, else the highest tall, else any row.
Status GraphLoader::place_entry() {
    MutexLock lock(core_.talls.mutex());
    std::optional<TallRows::Entry> best;
    const Upper* const given = upper_of(entry_);
    if (given != nullptr && given->tall != kNoLink) {
        best = TallRows::Entry{given->tall, core_.talls.levels(given->tall)};
    } else {
        for (uint32_t tall = 0; tall < core_.talls.count(); ++tall) {
            const uint32_t levels = core_.talls.levels(tall);
            if (!best || levels > best->level)
                best = TallRows::Entry{tall, levels};
        }
    }
    for (uint32_t slot = 0; slot < kinds_.size() && !best; ++slot) {
        if (kinds_[slot] == kNode) {
            const uint32_t tall = VEXFS_TRY(core_.talls.add(slot, 1));
            best = TallRows::Entry{tall, 1};
        }
    }
    core_.talls.set_entry(best);
    return ok();
}

// Rows that can be reached on level 0 from the entry are linked. The others are none, and neither
// is a tall of theirs.
Status GraphLoader::reach() {
    const std::optional<TallRows::Entry> entry = core_.talls.entry();
    if (!entry)
        return ok();
    std::vector<uint32_t> reached;
    visit(core_.talls.slot(entry->tall), reached);
    VEXFS_TRY_VOID(follow(reached, 0));
    VEXFS_TRY_VOID(lead_to_unreached(reached));
    for (uint32_t slot : reached) {
        core_.add_state(slot, kRowTaken | kRowLinked);
        core_.raise_rows(slot);
    }
    core_.linked_rows.store(static_cast<uint32_t>(reached.size()));
    report_.linked = static_cast<uint32_t>(reached.size());
    drop_unreached_talls();
    return ok();
}

// Visits all that those from `from` on lead to, and drops their links to what is no node: wave by
// wave, each by several threads if it is long.
Status GraphLoader::follow(std::vector<uint32_t>& reached, size_t from) {
    while (from < reached.size()) {
        const std::span<const uint32_t> rows = std::span(reached).subspan(from);
        const size_t parts = std::min(threads_, div_ceil(rows.size(), kRowsOfPart));
        const size_t part_rows = div_ceil(rows.size(), parts);
        std::vector<Wave> waves(parts);
        in_parts(parts, [&](size_t part) {
            const size_t first = std::min(part * part_rows, rows.size());
            waves[part].status = guard(no_memory(), [&]() -> Status {
                follow_some(rows.subspan(first, std::min(part_rows, rows.size() - first)),
                            waves[part]);
                return ok();
            });
        });
        from = reached.size();
        for (const Wave& wave : waves) {
            VEXFS_TRY_VOID(wave.status);
            reached.insert(reached.end(), wave.reached.begin(), wave.reached.end());
            report_.dropped_links += wave.dropped_links;
        }
    }
    return ok();
}

void GraphLoader::follow_some(std::span<const uint32_t> rows, Wave& wave) {
    uint32_t links[kLinks];
    for (size_t next = 0; next < rows.size(); ++next) {
        if (next + kAhead < rows.size())
            prefetch_links(core_.row(rows[next + kAhead]));
        uint32_t* const row = core_.row(rows[next]);
        const uint32_t count = load_links(row, kLinks, links);
        uint32_t kept = 0;
        for (uint32_t i = 0; i < count; ++i) {
            if (std::atomic_ref(kinds_[links[i]]).load(std::memory_order_relaxed) < kNode)
                continue;
            visit(links[i], wave.reached);
            links[kept++] = links[i];
        }
        if (kept < count)
            write_links(row, kLinks, {links, kept});
        wave.dropped_links += count - kept;
    }
}

// A row that was stored after its neighbours were is one that nobody leads to. It knows who they
// are. All such rows are led to, also those that are reached through others meanwhile: one way is
// not enough. One may wait for another one; a few rounds are enough for that.
Status GraphLoader::lead_to_unreached(std::vector<uint32_t>& reached) {
    std::vector<uint32_t> unreached;
    for (uint32_t slot = 0; slot < kinds_.size(); ++slot)
        if (kinds_[slot] == kNode)
            unreached.push_back(slot);
    for (int round = 0; round < kLeadRounds && !unreached.empty(); ++round) {
        Status followed = ok();
        const size_t led = std::erase_if(unreached, [&](uint32_t slot) {
            if (!followed || !lead_to(slot))
                return false;
            const size_t from = reached.size();
            visit(slot, reached);
            followed = follow(reached, from);
            return true;
        });
        VEXFS_TRY_VOID(followed);
        if (led == 0)
            break;
    }
    return ok();
}

// Links the row from its neighbours, as far as they were reached and have room.
bool GraphLoader::lead_to(uint32_t slot) {
    bool led = false;
    uint32_t links[kLinks];
    const uint32_t count = load_links(core_.row(slot), kLinks, links);
    for (uint32_t i = 0; i < count; ++i) {
        if (kinds_[links[i]] != kReachedNode)
            continue;
        uint32_t theirs[kLinks];
        uint32_t* const row = core_.row(links[i]);
        const uint32_t their_count = load_links(row, kLinks, theirs);
        if (their_count >= core_.config.links_max ||
            std::find(theirs, theirs + their_count, slot) != theirs + their_count)
            continue;
        store_link(row + their_count, slot);
        ++report_.added_links;
        led = true;
    }
    return led;
}

// The walk of an upper level could lead to one and end there.
void GraphLoader::drop_unreached_talls() {
    MutexLock lock(core_.talls.mutex());
    for (uint32_t tall = 0; tall < core_.talls.count(); ++tall) {
        for (uint32_t level = 1; level <= core_.talls.levels(tall); ++level) {
            uint32_t talls[kUpperLinks];
            const uint32_t count = load_links(core_.talls.links(tall, level), kUpperLinks, talls);
            uint32_t* end = std::remove_if(talls, talls + count, [&](uint32_t other) {
                return kinds_[core_.talls.slot(other)] != kReachedNode;
            });
            write_links(core_.talls.links(tall, level), kUpperLinks,
                        {talls, static_cast<size_t>(end - talls)});
        }
    }
    for (uint32_t tall = 0; tall < core_.talls.count(); ++tall) {
        if (core_.talls.levels(tall) > 0 && kinds_[core_.talls.slot(tall)] != kReachedNode)
            core_.talls.release(tall);
    }
}

// Of several threads that meet a row one visits it.
void GraphLoader::visit(uint32_t slot, std::vector<uint32_t>& reached) {
    const std::atomic_ref kind(kinds_[slot]);
    uint8_t node = kNode;
    if (kind.load(std::memory_order_relaxed) == kNode &&
        kind.compare_exchange_strong(node, kReachedNode, std::memory_order_relaxed))
        reached.push_back(slot);
}

Status GraphLoader::join_duplicates() {
    for (const auto& [slot, shared] : shared_) {
        if (shared >= kinds_.size() || kinds_[slot] != kCode || kinds_[shared] != kReachedNode)
            continue;
        if (std::memcmp(core_.code(slot), core_.code(shared), core_.config.shape.record_bytes) != 0)
            continue;
        VEXFS_TRY_VOID(core_.duplicates.insert_after(shared, slot));
        core_.add_state(shared, kRowShared);
        core_.add_state(slot, kRowTaken | kRowLinked | kRowDuplicate);
        core_.raise_rows(slot);
        core_.linked_rows.fetch_add(1);
        ++report_.linked;
    }
    return ok();
}

} // namespace vexfs::index
