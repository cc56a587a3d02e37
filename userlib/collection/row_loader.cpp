// SPDX-License-Identifier: Apache-2.0
#include "userlib/collection/row_loader.h"

#include <algorithm>

#include "base/log.h"
#include "index/kernels/page_shape.h"

namespace vexfs {

namespace {

constexpr size_t kRecordsAtOnce = 4096;          // of the store
constexpr size_t kPiecesAhead = 512;             // of row maps, at most
constexpr size_t kBytesAtOnce = size_t{2} << 20; // with one batch of the device

} // namespace

Result<uint64_t> RowLoader::bytes_needed() {
    const std::vector<uint64_t> offsets = VEXFS_TRY(record_offsets());
    const uint64_t unit = state_.store.layout().header().record_bytes;
    const uint64_t rows = offsets.empty() ? 0 : (offsets.back() + unit) / kRowRecordBytes;
    // Each row may be another file's than the one before it.
    return rows *
           (sizeof(RowTable::Slot) + sizeof(records_[0]) + sizeof(sums_[0]) + sizeof(files_[0]));
}

Status RowLoader::run() {
    VEXFS_TRY_VOID(read_records());
    if (damaged_records_ > 0) {
        log(LogLevel::kError, "collection", "what rows carry is damaged; all files are asked",
            {{"directory", state_.entry.directory}, {"rows", damaged_records_}});
        VEXFS_TRY_VOID(for_each_row_map(state_.store, [&](uint64_t ino) {
            files_.push_back({ino, 0});
            return ok();
        }));
    }
    merge_files();
    used_.resize(records_.size(), false);
    const WriteLock write(state_.lock);
    size_t ahead = 0; // maps of files before it are in the cache, if it has room
    for (size_t i = 0; i < files_.size(); ++i) {
        ahead = i < ahead ? ahead : read_maps_ahead(i);
        VEXFS_TRY_VOID(load_file(files_[i].ino));
    }
    if (unlike_records_ > 0)
        log(LogLevel::kError, "collection", "rows have lost their tags and ranges",
            {{"directory", state_.entry.directory}, {"rows", unlike_records_}});
    return ok();
}

// All records that are not zero.
Status RowLoader::read_records() {
    const uint64_t unit = state_.store.layout().header().record_bytes;
    const std::vector<uint64_t> offsets = VEXFS_TRY(record_offsets());
    const auto slots_before = [](uint64_t offset) {
        return std::min<uint64_t>(div_ceil<uint64_t>(offset, kRowRecordBytes), index::kMaxSlots);
    };
    if (!offsets.empty())
        records_.reserve(slots_before(offsets.back() + unit));
    sums_.reserve(records_.capacity());
    uint64_t done = 0; // slots
    for (size_t i = 0; i < offsets.size();) {
        const uint64_t begin = offsets[i];
        uint64_t end = begin;
        for (; i < offsets.size() && offsets[i] == end && end - begin < kBytesAtOnce; ++i)
            end += unit;
        done = std::max(done, begin / kRowRecordBytes);
        VEXFS_TRY_VOID(read_rows(done, slots_before(end)));
        done = slots_before(end);
    }
    return ok();
}

Result<std::vector<uint64_t>> RowLoader::record_offsets() {
    const uint64_t unit = state_.store.layout().header().record_bytes;
    std::vector<uint64_t> offsets;
    for (;;) {
        const uint64_t from = offsets.empty() ? 0 : offsets.back() + unit;
        const std::vector<uint64_t> found = VEXFS_TRY(
            state_.store.records(state_.entry.rows_oid, from, kRowRecordsEnd, kRecordsAtOnce));
        offsets.insert(offsets.end(), found.begin(), found.end());
        if (found.size() < kRecordsAtOnce)
            return offsets;
    }
}

// Where not all can be read, as many as can be.
Status RowLoader::read_rows(uint64_t first, uint64_t end) {
    if (first >= end)
        return ok();
    Page bytes((end - first) * kRowRecordBytes);
    const Status read =
        state_.store.read(state_.entry.rows_oid, first * kRowRecordBytes, bytes, ReadWidth::kOnce);
    if (!read && !is_damage(read.error()))
        return read;
    if (!read && end - first > state_.store.layout().header().record_bytes / kRowRecordBytes) {
        const uint64_t middle = first + (end - first) / 2;
        VEXFS_TRY_VOID(read_rows(first, middle));
        return read_rows(middle, end);
    }
    for (uint64_t slot = first; slot < end; ++slot) {
        const MutableBytes one =
            MutableBytes(bytes).subspan((slot - first) * kRowRecordBytes, kRowRecordBytes);
        // Of a record that is stored as it is, that takes its block alone.
        const Status its =
            read ? ok() : state_.store.read(state_.entry.rows_oid, slot * kRowRecordBytes, one);
        if (!its && !is_damage(its.error()))
            return its;
        if (its)
            take_record(slot, one.data());
        else
            ++damaged_records_;
    }
    return ok();
}

void RowLoader::take_record(uint64_t slot, const std::byte* bytes) {
    const RowRecord record = decode_row_record(bytes);
    if (record.id.ino == 0)
        return;
    if (slot >= records_.size())
        records_.resize(slot + 1);
    sums_.resize(records_.size());
    records_[slot] = record;
    sums_[slot] = decode_vector_sum(bytes);
    if (files_.empty() || files_.back().ino != record.id.ino)
        files_.push_back({record.id.ino, 0});
    ++files_.back().rows;
}

// Each file once, in order.
void RowLoader::merge_files() {
    std::ranges::sort(files_, {}, &FileSeen::ino);
    size_t merged = 0;
    for (const FileSeen& file : files_)
        if (merged > 0 && files_[merged - 1].ino == file.ino)
            files_[merged - 1].rows += file.rows;
        else
            files_[merged++] = file;
    files_.resize(merged);
}

// The maps of some files from this one on, with few batches of the device. Returns behind which.
size_t RowLoader::read_maps_ahead(size_t first) {
    const size_t leaves = state_.store.room_ahead() / state_.store.layout().header().node_bytes;
    const size_t most = std::clamp<size_t>(leaves, 1, kPiecesAhead);
    std::vector<Key> keys;
    for (; first < files_.size() && keys.size() < most; ++first)
        for (uint32_t piece = 0;
             piece < std::max(1U, pieces_of(files_[first].rows)) && keys.size() < most; ++piece)
            keys.push_back(row_map_key(files_[first].ino, piece));
    state_.store.prefetch(keys);
    return first;
}

Status RowLoader::load_file(uint64_t ino) {
    Result<std::optional<RowMap>> map = read_row_map(state_.store, ino);
    if (!map && !is_damage(map.error()))
        return map.error();
    if (!map) {
        note_unreadable(ino);
        return ok();
    }
    if (!*map || (*map)->directory != state_.entry.directory)
        return ok();
    const uint32_t rows_end = pieces_of((*map)->slots.size());
    if ((*map)->pieces > rows_end)
        leftovers_.push_back({ino, rows_end, (*map)->pieces});
    // Whoever is asked for a class counts a file in it.
    if ((*map)->slots.empty())
        return ok();
    const Result<std::optional<uint32_t>> its_class = class_of_(ino);
    if (!its_class && !is_damage(its_class.error()))
        return its_class.error();
    if (!its_class)
        note_unreadable(ino);
    if (!its_class || !*its_class)
        return ok();
    RowTable::File file;
    file.access_class = **its_class;
    file.slots = std::move((*map)->slots);
    take_slots(ino, file.slots);
    std::vector<RowRecord> records;
    for (uint32_t row = 0; row < file.slots.size(); ++row)
        records.push_back(record_of(ino, row, file.slots[row]));
    state_.table.resize(static_cast<uint32_t>(used_.size()));
    state_.table.load(ino, std::move(file), records);
    return ok();
}

void RowLoader::note_unreadable(uint64_t ino) {
    log(LogLevel::kError, "collection", "the rows of a file are lost to damage",
        {{"directory", state_.entry.directory}, {"ino", ino}});
    unreadable_.push_back(ino);
}

// What another file has already, or nobody can have, is none.
void RowLoader::take_slots(uint64_t ino, std::span<uint32_t> slots) {
    uint64_t twice = 0;
    for (uint32_t& slot : slots) {
        const bool possible = slot < index::kMaxSlots;
        if (possible && slot >= used_.size())
            used_.resize(size_t{slot} + 1, false);
        if (!possible || used_[slot]) {
            slot = kNoSlot;
            ++twice;
        } else {
            used_[slot] = true;
        }
    }
    if (twice > 0)
        log(LogLevel::kError, "collection", "rows of a file have no place of their own",
            {{"directory", state_.entry.directory}, {"ino", ino}, {"rows", twice}});
}

RowRecord RowLoader::record_of(uint64_t ino, uint32_t row, uint32_t slot) {
    const RowId id{ino, row};
    if (slot < records_.size() && records_[slot].id == id)
        return records_[slot];
    unlike_records_ += slot != kNoSlot ? 1 : 0;
    if (slot < sums_.size())
        sums_[slot] = 0;
    return {id, {}, 0};
}

// Slots that no map names and no graph holds are free. Where a record is there nevertheless its
// bytes are of no row, unless the map of its file could not be read.
void RowLoader::give_rest() {
    const WriteLock write(state_.lock);
    const auto end = std::max(static_cast<uint32_t>(std::max(used_.size(), records_.size())),
                              state_.table.end());
    used_.resize(end, false);
    state_.table.resize(end);
    state_.dead.resize(end);
    state_.slots.start_at(end);
    for (uint32_t slot = 0; slot < end; ++slot) {
        if (used_[slot])
            continue;
        const uint64_t ino = slot < records_.size() ? records_[slot].id.ino : 0;
        if (std::ranges::binary_search(unreadable_, ino))
            continue;
        if (!state_.dead.contains(slot))
            state_.slots.give(slot);
        if (ino != 0)
            stray_.push_back(slot);
    }
}

} // namespace vexfs
