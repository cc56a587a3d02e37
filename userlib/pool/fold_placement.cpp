// SPDX-License-Identifier: Apache-2.0
#include "userlib/pool/fold_placement.h"

#include <bit>
#include <cstring>

namespace vexfs {

namespace {

// The homes of one bin that are looked at; each has the room, but the room may be in two parts.
constexpr int kLooks = 8;

} // namespace

FoldPlacement::FoldPlacement(uint32_t buddies, const PoolOptions& options, HandleTable& table)
    : buddies_(buddies), stretch_pages_(div_ceil(options.object_bytes_max, kPoolPageBytes)),
      table_(table), source_(options.pages_max, *options.supply) {}

std::byte* FoldPlacement::memory(Spot spot) const {
    const Home& home = homes_[spot.home];
    return memory_of(home, home.pieces[spot.place].first);
}

// What this compaction has tried stands behind what it has not.
void FoldPlacement::enter_bin(uint32_t id) {
    const Home& home = homes_[id];
    if (!has_bin(home))
        return;
    if (home.epoch == epoch_)
        homes_.push_back<&Home::bin>(bins_[home.free_chunks], id);
    else
        homes_.push_front<&Home::bin>(bins_[home.free_chunks], id);
    filled_bins_ |= uint64_t{1} << home.free_chunks;
}

void FoldPlacement::leave_bin(uint32_t id) {
    const Home& home = homes_[id];
    if (!has_bin(home))
        return;
    HomeList& bin = bins_[home.free_chunks];
    homes_.remove<&Home::bin>(bin, id);
    if (bin.first == kNoHome)
        filled_bins_ &= ~(uint64_t{1} << home.free_chunks);
}

std::array<uint8_t, FoldPlacement::kBuddiesMax> FoldPlacement::by_position(const Home& home) {
    std::array<uint8_t, kBuddiesMax> order{0, 1, 2};
    const auto sort_two = [&](size_t a, size_t b) {
        if (home.pieces[order[b]].first < home.pieces[order[a]].first)
            std::swap(order[a], order[b]);
    };
    sort_two(0, 1);
    sort_two(1, 2);
    sort_two(0, 1);
    return order;
}

// The smallest gap that is large enough. At the back end of the stretch the object lies at the very
// back, so that what comes later finds one gap between.
std::optional<uint32_t> FoldPlacement::find_gap(const Home& home, uint32_t need) {
    std::optional<uint32_t> found;
    uint32_t least = kChunks + 1;
    uint32_t begin = 0;
    const auto look_at = [&](uint32_t end) {
        const uint32_t room = end - begin;
        if (room < need || room >= least)
            return;
        least = room;
        found = begin > 0 && end == kChunks ? kChunks - need : begin;
    };
    for (const uint8_t place : by_position(home)) {
        const Piece& piece = home.pieces[place];
        if (piece.chunks == 0)
            continue;
        look_at(piece.first);
        begin = uint32_t{piece.first} + piece.chunks;
    }
    look_at(kChunks);
    return found;
}

Spot FoldPlacement::put(uint32_t id, uint32_t first, uint32_t need, uint32_t owner) {
    leave_bin(id);
    Home& home = homes_[id];
    uint16_t place = 0;
    while (home.pieces[place].chunks > 0)
        ++place;
    home.pieces[place] = {owner, static_cast<uint16_t>(first), static_cast<uint16_t>(need)};
    home.free_chunks = static_cast<uint16_t>(home.free_chunks - need);
    ++home.count;
    ++objects_;
    enter_bin(id);
    return {id, place};
}

bool FoldPlacement::slide(Home& home) {
    for (const Piece& piece : home.pieces) {
        if (piece.chunks > 0 && table_.at(piece.owner).users > 0)
            return false;
    }
    uint32_t begin = 0;
    for (const uint8_t place : by_position(home)) {
        Piece& piece = home.pieces[place];
        std::memmove(memory_of(home, begin), memory_of(home, piece.first),
                     piece.chunks * chunk_bytes());
        piece.first = static_cast<uint16_t>(begin);
        begin += piece.chunks;
    }
    return true;
}

std::optional<Spot> FoldPlacement::fit(uint32_t need, uint32_t owner, uint32_t room_max,
                                       uint32_t except) {
    if (need >= kChunks)
        return std::nullopt;
    uint64_t bins = filled_bins_ & (~uint64_t{0} << need);
    for (; bins != 0; bins &= bins - 1) {
        const auto room = static_cast<uint32_t>(std::countr_zero(bins));
        if (room > room_max)
            return std::nullopt;
        uint32_t id = bins_[room].first;
        for (int looks = 0; id != kNoHome && looks < kLooks; ++looks, id = homes_[id].bin.behind) {
            if (id == except)
                continue;
            std::optional<uint32_t> first = find_gap(homes_[id], need);
            if (!first && slide(homes_[id]))
                first = find_gap(homes_[id], need);
            if (first)
                return put(id, *first, need, owner);
        }
    }
    return std::nullopt;
}

Result<Spot> FoldPlacement::place(size_t bytes, uint32_t owner, bool may_grow) {
    const auto need = static_cast<uint32_t>(div_ceil(bytes, chunk_bytes()));
    if (const auto spot = fit(need, owner, kChunks, kNoHome)) {
        heat(spot->home);
        return *spot;
    }
    if (!may_grow)
        return fail(Code::kENOMEM, "pool: no page of it has room");
    const uint32_t id = homes_.take();
    const Result<PageRun> run = source_.take(stretch_pages_);
    if (!run) {
        homes_.give(id);
        return run.error();
    }
    homes_[id].run = *run;
    homes_.push_back<&Home::age>(ages_, id);
    ++home_count_;
    return put(id, 0, need, owner);
}

size_t FoldPlacement::remove(Spot spot) {
    leave_bin(spot.home);
    Home& home = homes_[spot.home];
    Piece& piece = home.pieces[spot.place];
    home.free_chunks = static_cast<uint16_t>(home.free_chunks + piece.chunks);
    --home.count;
    --objects_;
    piece = {};
    if (home.count > 0) {
        enter_bin(spot.home);
        return 0;
    }
    source_.give(home.run);
    homes_.remove<&Home::age>(ages_, spot.home);
    homes_.give(spot.home);
    --home_count_;
    return stretch_pages_;
}

std::vector<PoolClass> FoldPlacement::classes() const {
    if (objects_ == 0)
        return {};
    return {{object_bytes_max(), objects_, home_count_ * buddies_, home_count_ * stretch_pages_}};
}

uint32_t FoldPlacement::coldest() {
    while (ages_.first != kNoHome && homes_[ages_.first].touched)
        heat(ages_.first);
    return ages_.first;
}

void FoldPlacement::heat(uint32_t home) {
    homes_[home].touched = false;
    homes_.remove<&Home::age>(ages_, home);
    homes_.push_back<&Home::age>(ages_, home);
}

void FoldPlacement::owners(uint32_t home, std::vector<uint32_t>& into) const {
    for (const Piece& piece : homes_[home].pieces) {
        if (piece.chunks > 0)
            into.push_back(piece.owner);
    }
}

// Objects go to homes that are no emptier than this one: what was filled is not emptied again.
CompactStep FoldPlacement::empty(uint32_t id) {
    CompactStep step;
    const uint32_t room = homes_[id].free_chunks;
    for (uint16_t place = 0; place < kBuddiesMax; ++place) {
        const Piece piece = homes_[id].pieces[place];
        if (piece.chunks == 0 || table_.at(piece.owner).users > 0)
            continue;
        const std::byte* const from = memory({id, place});
        const std::optional<Spot> to = fit(piece.chunks, piece.owner, room, id);
        if (!to)
            continue;
        HandleTable::Entry& entry = table_.at(piece.owner);
        std::memcpy(memory(*to), from, entry.bytes);
        entry.home = to->home;
        entry.place = to->place;
        ++step.moved;
        step.pages += remove({id, place});
        if (step.pages > 0)
            break;
    }
    return step;
}

std::optional<CompactStep> FoldPlacement::compact_step() {
    for (uint32_t room = kChunks - 1; room > 0; --room) {
        const uint32_t id = bins_[room].first;
        if (id == kNoHome || homes_[id].epoch == epoch_)
            continue;
        homes_[id].epoch = epoch_;
        homes_.remove<&Home::bin>(bins_[room], id);
        homes_.push_back<&Home::bin>(bins_[room], id);
        return empty(id);
    }
    return std::nullopt;
}

} // namespace vexfs
