// SPDX-License-Identifier: Apache-2.0
//
// Giving space back: rows move from the last slots into free ones before them, and the columns are
// cut off behind the last row.
//
// A move is a put of the same rows: into fresh slots first, then one transaction changes the map.
#include "userlib/collection/collection.h"

#include <algorithm>

#include "base/guard.h"
#include "userlib/collection/linker.h"

namespace vexfs {

namespace {

constexpr uint32_t kMoveRows = 1024; // at a time, while puts wait

// The last slot with a row that can be read, at or behind `limit`; kNoSlot: there is none.
uint32_t last_row(const RowTable& table, uint32_t limit) {
    for (uint32_t slot = table.end(); slot > limit; --slot)
        if (table.live(slot - 1) && !table.damaged().contains(slot - 1))
            return slot - 1;
    return kNoSlot;
}

} // namespace

std::optional<uint64_t> Collection::next_to_move() {
    const ReadLock read(state_->lock);
    const uint32_t slot = last_row(state_->table, state_->table.live_slots().count());
    return slot != kNoSlot ? std::optional(state_->table.at(slot).record.id.ino) : std::nullopt;
}

// Neighbouring rows of the file that lie behind where all rows would have room.
std::vector<uint32_t> Collection::misplaced(uint64_t ino, uint32_t& first) {
    const ReadLock read(state_->lock);
    const RowTable::File* const file = state_->table.file(ino);
    std::vector<uint32_t> slots;
    if (file == nullptr)
        return slots;
    const uint32_t limit = state_->table.live_slots().count();
    const auto is_misplaced = [&](uint32_t slot) VEXFS_REQUIRES_SHARED(state_->lock) {
        return slot != kNoSlot && slot >= limit && !state_->table.damaged().contains(slot);
    };
    const auto begin = std::ranges::find_if(file->slots, is_misplaced);
    first = static_cast<uint32_t>(begin - file->slots.begin());
    for (auto at = begin; at != file->slots.end() && slots.size() < kMoveRows && is_misplaced(*at);
         ++at)
        slots.push_back(*at);
    return slots;
}

Result<bool> Collection::move_rows(uint64_t ino) {
    if (read_only_)
        return fail(Code::kEROFS, "compact: the volume is open for reading only");
    return guard(no_memory(), [&]() -> Result<bool> {
        const MutexLock change(change_mutex_);
        VEXFS_TRY_VOID(check_sound());
        Place place;
        const std::vector<uint32_t> before = misplaced(ino, place.first);
        if (before.empty())
            return true;
        place.count = static_cast<uint32_t>(before.size());
        Page vectors;
        const Status readable = get(ino, place.first, place.count, nullptr, &vectors);
        if (!readable && is_damage(readable.error()))
            return true; // which is noted: they stay, and what is behind them comes next
        VEXFS_TRY_VOID(readable);
        Fresh fresh;
        uint32_t access_class = 0;
        {
            const WriteLock write(state_->lock);
            place.before = place.total =
                static_cast<uint32_t>(state_->table.file(ino)->slots.size());
            access_class = state_->table.file(ino)->access_class;
            for (const uint32_t slot : before)
                fresh.records.push_back(state_->table.at(slot).record);
            if (state_->slots.free_count() < place.count)
                return false;
            fresh.slots = VEXFS_TRY(state_->slots.take(place.count));
            if (std::ranges::max(fresh.slots) >= std::ranges::min(before)) {
                state_->slots.give(fresh.slots);
                return false; // others took what was free before them
            }
        }
        VEXFS_TRY_VOID(replace_rows(fresh, place, ino, access_class, vectors));
        return true;
    });
}

Result<uint64_t> Collection::cut_tail() {
    if (read_only_)
        return fail(Code::kEROFS, "compact: the volume is open for reading only");
    const MutexLock change(change_mutex_);
    VEXFS_TRY_VOID(check_sound());
    uint32_t end = 0;
    uint32_t before = 0;
    {
        const WriteLock write(state_->lock);
        before = state_->slots.end();
        end = state_->slots.cut();
    }
    // What lies there is zero already; the records of the store that hold nothing else go.
    for (const auto& [oid, bytes] :
         {std::pair{state_->entry.vectors_oid, state_->vectors.vector_bytes()},
          std::pair{state_->entry.rows_oid, kRowRecordBytes}})
        VEXFS_TRY_VOID(state_->store.punch(oid, end * bytes, (before - end) * bytes));
    return before - end;
}

} // namespace vexfs
