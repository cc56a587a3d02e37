// SPDX-License-Identifier: Apache-2.0
//
// How rows come and go: written to fresh slots first, then one transaction changes the row map of
// the file, then memory follows.
#include "userlib/collection/collection.h"

#include <algorithm>

#include "base/guard.h"
#include "base/log.h"
#include "index/kernels/convert.h"
#include "userlib/collection/linker.h"
#include "userlib/collection/search_scratches.h"

namespace vexfs {

namespace {

// Memory of a row in the table, whose vectors double when they grow.
constexpr uint64_t kTableBytesOfRow = 128;
// Of vectors that one transaction writes.
constexpr size_t kRunBytes = size_t{256} << 10;
constexpr size_t kRunRows = 4096;
// Places that damage keeps from being written, before a put gives up.
constexpr int kDamagedRunsMax = 64;
constexpr uint64_t kRangeEndMax = INT64_MAX;

Status check_meta(const RowMeta& meta) {
    uint64_t end = 0;
    if (meta.length == 0 && meta.offset != 0)
        return fail(Code::kEINVAL, "put: a row of no bytes has an offset");
    if (!checked_add(meta.offset, meta.length, end) || end > kRangeEndMax)
        return fail(Code::kEINVAL, "put: the range of a row ends behind 2^63 - 1");
    return ok();
}

// How many of the slots from `from` on follow one another.
size_t run_length(std::span<const uint32_t> slots, size_t from, size_t most) {
    size_t count = 1;
    while (count < most && from + count < slots.size() &&
           slots[from + count] == slots[from] + count)
        ++count;
    return count;
}

} // namespace

Status Collection::check_put(const PutRows& put) const {
    const size_t bytes = state_->vectors.vector_bytes();
    const size_t rows = put.vectors.size() / bytes;
    if (rows == 0 || put.vectors.size() % bytes != 0)
        return fail(Code::kEINVAL, "put: the vectors are not of the schema's element and dim");
    if (!put.metas.empty() && put.metas.size() != rows)
        return fail(Code::kEINVAL, "put: the metas are not one a row");
    for (const RowMeta& meta : put.metas)
        VEXFS_TRY_VOID(check_meta(meta));
    const Schema& fixed = state_->entry.schema;
    for (size_t i = 0; i < rows; ++i)
        if (index::first_invalid({fixed.element, fixed.dim, put.vectors.data() + i * bytes}))
            return fail(Code::kEINVAL, "put: NaN, Inf or a spare bit in a vector");
    return ok();
}

Result<PutDone> Collection::put(const PutRows& put) {
    if (read_only_)
        return fail(Code::kEROFS, "put: the volume is open for reading only");
    VEXFS_TRY_VOID(check_put(put));
    return guard(no_memory(), [&]() -> Result<PutDone> {
        const MutexLock change(change_mutex_);
        VEXFS_TRY_VOID(check_sound());
        const Place place = VEXFS_TRY(place_of(put));
        Fresh fresh;
        VEXFS_TRY_VOID(prepare(fresh, place, put));
        VEXFS_TRY_VOID(replace_rows(fresh, place, put.ino, put.access_class, put.vectors));
        puts_ += place.count;
        return PutDone{place.first, place.total};
    });
}

// Makes rows of the file what is in `fresh`, on the disk and in memory.
Status Collection::replace_rows(Fresh& fresh, const Place& place, uint64_t ino,
                                uint32_t access_class, Bytes vectors) {
    Status status = write_fresh(fresh, vectors);
    if (status)
        status = flip(fresh, place, ino);
    if (!status) {
        clean_up(ino, place.total, place.before, fresh.slots);
        const WriteLock write(state_->lock);
        state_->slots.give(fresh.slots);
        return status;
    }
    return remember(ino, place.before, place.total, [&](RowTable& table) {
        return table.replace(ino, place.first, place.total, fresh.slots, fresh.records,
                             access_class);
    });
}

// Where the rows go, if they may.
Result<Collection::Place> Collection::place_of(const PutRows& put) {
    const ReadLock read(state_->lock);
    const uint64_t count = put.vectors.size() / state_->vectors.vector_bytes();
    const RowTable::File* const file = state_->table.file(put.ino);
    const uint64_t before = file != nullptr ? file->slots.size() : 0;
    const uint64_t first = put.first == kAppend ? before : put.first;
    if (first > before)
        return fail(Code::kEINVAL, "put: first is beyond the file's rows");
    if (first + count > kRowsMax)
        return fail(Code::kEFBIG, "put: more rows than a file may have");
    const uint64_t total = put.truncate ? first + count : std::max(before, first + count);
    const uint64_t all = state_->table.rows() - before + total;
    if (total > before && state_->schema.max_rows != 0 && all > state_->schema.max_rows)
        return fail(Code::kEDQUOT, "put: more rows than the schema allows");
    return Place{static_cast<uint32_t>(first), static_cast<uint32_t>(count),
                 static_cast<uint32_t>(before), static_cast<uint32_t>(total)};
}

Status Collection::prepare(Fresh& fresh, const Place& place, const PutRows& put) {
    for (uint32_t i = 0; i < place.count; ++i)
        fresh.records.push_back({{put.ino, place.first + i},
                                 put.metas.empty() ? RowMeta{} : put.metas[i],
                                 put.data_version});
    if (place.total > place.before &&
        !state_->has_room((place.total - place.before) * kTableBytesOfRow))
        return fail(Code::kENOMEM,
                    "put: mem= of the volume, or the machine, has no room for more rows");
    const WriteLock write(state_->lock);
    fresh.slots = VEXFS_TRY(state_->slots.take(place.count));
    state_->table.resize(state_->slots.end());
    state_->dead.resize(state_->slots.end());
    state_->count_memory();
    return ok();
}

// Vectors and records, while nothing says yet that they are rows.
Status Collection::write_fresh(Fresh& fresh, Bytes vectors) {
    const size_t bytes = state_->vectors.vector_bytes();
    const size_t most = std::clamp<size_t>(kRunBytes / bytes, 1, kRunRows);
    int damaged = 0;
    for (size_t from = 0; from < fresh.slots.size();) {
        const size_t count = run_length(fresh.slots, from, most);
        const Status written = write_run(fresh, from, count, vectors);
        if (written) {
            from += count;
            continue;
        }
        if (!is_damage(written.error()) || state_->store.suspended() || ++damaged > kDamagedRunsMax)
            return written;
        log(LogLevel::kWarning, "collection",
            "slots are set aside, as damage cannot be overwritten",
            {{"directory", directory()}, {"slot", fresh.slots[from]}, {"slots", count}});
        const WriteLock write(state_->lock);
        const std::vector<uint32_t> others =
            VEXFS_TRY(state_->slots.take_new(static_cast<uint32_t>(count)));
        std::ranges::copy(others, fresh.slots.begin() + static_cast<ptrdiff_t>(from));
        state_->table.resize(state_->slots.end());
        state_->dead.resize(state_->slots.end());
    }
    return ok();
}

Status Collection::write_run(const Fresh& fresh, size_t from, size_t count, Bytes vectors) {
    const size_t bytes = state_->vectors.vector_bytes();
    const uint64_t slot = fresh.slots[from];
    Page records(count * kRowRecordBytes);
    for (size_t i = 0; i < count; ++i)
        encode_row_record(fresh.records[from + i],
                          vector_sum(vectors.subspan((from + i) * bytes, bytes)),
                          records.data() + i * kRowRecordBytes);
    Transaction transaction;
    transaction.write(state_->entry.vectors_oid, slot * bytes,
                      vectors.subspan(from * bytes, count * bytes));
    transaction.write(state_->entry.rows_oid, slot * kRowRecordBytes, records);
    return state_->store.apply(transaction);
}

// The one transaction after which the rows are those of the file.
Status Collection::flip(const Fresh& fresh, const Place& place, uint64_t ino) {
    std::vector<uint32_t> slots;
    {
        const ReadLock read(state_->lock);
        if (const RowTable::File* const file = state_->table.file(ino))
            slots = file->slots;
    }
    slots.resize(place.total, kNoSlot);
    std::ranges::copy(fresh.slots, slots.begin() + place.first);
    VEXFS_TRY_VOID(put_map_pieces_ahead(state_->store, ino, directory(), slots, place.before));
    Transaction transaction;
    const uint64_t ahead = uint64_t{std::max(1U, pieces_of(place.before))} * kRowsOfPiece;
    put_row_map(transaction, ino, directory(), slots, place.first,
                std::min(uint64_t{place.first} + place.count, ahead));
    return state_->store.apply(transaction);
}

Result<uint32_t> Collection::drop(uint64_t ino, uint32_t first) {
    if (read_only_)
        return fail(Code::kEROFS, "drop: the volume is open for reading only");
    return guard(no_memory(), [&]() -> Result<uint32_t> {
        const MutexLock change(change_mutex_);
        VEXFS_TRY_VOID(check_sound());
        std::vector<uint32_t> slots;
        {
            const ReadLock read(state_->lock);
            if (const RowTable::File* const file = state_->table.file(ino))
                slots = file->slots;
        }
        const auto before = static_cast<uint32_t>(slots.size());
        if (first >= before)
            return 0U;
        slots.resize(first);
        Transaction transaction;
        put_row_map(transaction, ino, directory(), slots, first > 0 ? first - 1 : 0, first);
        VEXFS_TRY_VOID(state_->store.apply(transaction, Space::kFreeing));
        VEXFS_TRY_VOID(
            remember(ino, before, first, [&](RowTable& table) { return table.cut(ino, first); }));
        drops_ += before - first;
        return before - first;
    });
}

Status Collection::file_gone(uint64_t ino) {
    return guard(no_memory(), [&]() -> Status {
        const MutexLock change(change_mutex_);
        const uint32_t before = rows_of(ino);
        drops_ += before;
        // The row map is gone: there is no piece of it to erase.
        return remember(ino, 0, 0, [&](RowTable& table) { return table.cut(ino, 0); });
    });
}

Status Collection::set_class(uint64_t ino, uint32_t access_class) {
    return guard(no_memory(), [&]() -> Status {
        const MutexLock change(change_mutex_);
        const WriteLock write(state_->lock);
        state_->table.set_class(ino, access_class);
        return ok();
    });
}

// Makes memory what the store says, and cleans up what is no more. Should memory run out meanwhile,
// what is in it cannot be trusted.
Status Collection::remember(uint64_t ino, uint32_t before, uint32_t total,
                            const std::function<std::vector<uint32_t>(RowTable&)>& change) {
    std::vector<uint32_t> removed;
    const Status changed = guard(no_memory(), [&]() -> Status {
        const WriteLock write(state_->lock);
        removed = change(state_->table);
        hide_rows(*state_, removed);
        return ok();
    });
    if (!changed) {
        in_doubt_ = true;
        return changed;
    }
    linker_->wake();
    clean_up(ino, before, total, removed);
    return ok();
}

// What is left of rows that are no more. That it fails costs space until the next open.
void Collection::clean_up(uint64_t ino, uint32_t before, uint32_t total,
                          std::span<const uint32_t> removed) {
    const Status pieces = erase_map_pieces(state_->store, ino, pieces_of(total), pieces_of(before));
    if (!pieces)
        log(LogLevel::kWarning, "collection", "pieces of a row map are left",
            {{"ino", ino}, {"cause", pieces.error()}});
    erase(removed);
}

void Collection::erase(std::span<const uint32_t> slots) {
    if (const Status erased = erase_slots(*state_, slots); !erased)
        log(LogLevel::kWarning, "collection", "bytes of removed rows are left",
            {{"directory", directory()}, {"cause", erased.error()}});
}

} // namespace vexfs
