// SPDX-License-Identifier: Apache-2.0
//
// Proving that slots without a row hold nothing: what was removed is zeroed by whoever removed it,
// and what a crash or a full volume kept from that is found and zeroed here.
#include "userlib/collection/collection.h"

#include <algorithm>

#include "base/guard.h"
#include "userlib/collection/linker.h"

namespace vexfs {

namespace {

constexpr uint32_t kSweepSlots = 4096; // at a time, while puts wait

// Which of the slots, which ascend, hold a byte that is not zero. Damage is told, once.
Status find_bytes(RowState& state, std::span<const uint32_t> slots, std::vector<uint32_t>& found,
                  Status& damage) {
    const size_t bytes = state.vectors.vector_bytes();
    const auto note_damage = [&](uint32_t) {
        damage = fail(Code::kEBADMSG, "erase: a slot is damaged and cannot be erased");
    };
    Page buffer;
    const auto look = [&](std::span<const uint32_t> some, const std::byte* const* vectors) {
        for (size_t i = 0; i < some.size(); ++i)
            if (!all_zero(Bytes(vectors[i], bytes)))
                found.push_back(some[i]);
        return ok();
    };
    VEXFS_TRY_VOID(state.vectors.read_each(slots, {buffer, look, note_damage}));
    for (const uint32_t slot : slots) {
        std::array<std::byte, kRowRecordBytes> record{};
        const Status read =
            state.store.read(state.entry.rows_oid, uint64_t{slot} * kRowRecordBytes, record);
        if (!read && !is_damage(read.error()))
            return read;
        if (!read)
            note_damage(slot);
        else if (!all_zero(record))
            found.push_back(slot);
    }
    std::ranges::sort(found);
    found.erase(std::unique(found.begin(), found.end()), found.end());
    return ok();
}

} // namespace

Result<bool> Collection::sweep(uint32_t& slot, uint64_t& erased) {
    if (read_only_)
        return fail(Code::kEROFS, "erase: the volume is open for reading only");
    if (VEXFS_TRY(guard(no_memory(), [&] { return sweep_columns(slot, erased); })))
        return true;
    // Codes of rows that were taken out of the graph go with its pages.
    VEXFS_TRY_VOID(linker_->flush({}));
    return false;
}

Result<bool> Collection::sweep_columns(uint32_t& slot, uint64_t& erased) {
    const MutexLock change(change_mutex_);
    VEXFS_TRY_VOID(check_sound());
    std::vector<uint32_t> slots;
    uint32_t end = 0;
    {
        const ReadLock read(state_->lock);
        end = state_->slots.end();
        const uint32_t stop = std::min(end, slot + kSweepSlots);
        for (; slot < stop; ++slot)
            if (state_->slots.is_free(slot))
                slots.push_back(slot);
    }
    std::vector<uint32_t> found;
    Status damage = ok();
    VEXFS_TRY_VOID(find_bytes(*state_, slots, found, damage));
    VEXFS_TRY_VOID(erase_slots(*state_, found));
    erased += found.size();
    VEXFS_TRY_VOID(damage);
    if (slot < end)
        return true;
    for (const auto& [oid, bytes] :
         {std::pair{state_->entry.vectors_oid, state_->vectors.vector_bytes()},
          std::pair{state_->entry.rows_oid, kRowRecordBytes}})
        VEXFS_TRY_VOID(state_->store.punch(oid, end * bytes, UINT64_MAX - end * bytes));
    return false;
}

} // namespace vexfs
