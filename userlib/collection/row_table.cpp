// SPDX-License-Identifier: Apache-2.0
#include "userlib/collection/row_table.h"

#include <algorithm>
#include <bit>

#include "base/bytes.h"

namespace vexfs {

namespace {

// What a file costs beside its slots: the node of the map and a share of the buckets.
constexpr size_t kFileBytes = sizeof(RowTable::File) + 4 * sizeof(void*);

} // namespace

void RowTable::resize(uint32_t end) {
    if (end <= end_)
        return;
    while (pieces_.size() < div_ceil(end, kSlotsOfPiece))
        pieces_.push_back(std::make_unique<Piece>());
    live_.resize(end);
    pending_.resize(end);
    coded_.resize(end);
    hasty_.resize(end);
    damaged_.resize(end);
    end_ = end;
}

void RowTable::count_class(uint32_t access_class, int64_t rows) {
    if (access_class >= rows_of_class_.size())
        rows_of_class_.resize(size_t{access_class} + 1, 0);
    rows_of_class_[access_class] += static_cast<uint64_t>(rows);
}

void RowTable::fill(uint32_t slot, const RowRecord& record, uint32_t access_class) {
    slot_at(slot) = {record, access_class};
    count_class(access_class, 1);
    live_.add(slot);
    pending_.add(slot);
    coded_.remove(slot);
}

void RowTable::clear(uint32_t slot) {
    count_class(at(slot).access_class, -1);
    slot_at(slot) = {};
    live_.remove(slot);
    pending_.remove(slot);
    coded_.remove(slot);
    hasty_.remove(slot);
    damaged_.remove(slot);
}

// These are all of its rows, or come to others.
void RowTable::note_versions(File& file, bool all, std::span<const RowRecord> records) {
    if (records.empty())
        return;
    const uint64_t version = all ? records[0].data_version : file.data_version;
    const bool differ = std::any_of(records.begin(), records.end(), [&](const RowRecord& record) {
        return record.data_version != version;
    });
    file.versions_differ = differ || (file.versions_differ && !all);
    file.data_version = records.back().data_version;
}

void RowTable::cut_rows(File& file, uint32_t total, std::vector<uint32_t>& removed) {
    while (file.slots.size() > total) {
        const uint32_t slot = file.slots.back();
        file.slots.pop_back();
        --rows_;
        if (slot == kNoSlot) {
            --lost_rows_;
            continue;
        }
        clear(slot);
        removed.push_back(slot);
    }
}

std::vector<uint32_t> RowTable::replace(uint64_t ino, uint32_t first, uint32_t total,
                                        std::span<const uint32_t> slots,
                                        std::span<const RowRecord> records, uint32_t access_class) {
    std::vector<uint32_t> removed;
    set_class(ino, access_class);
    const auto [place, made] = files_.try_emplace(ino);
    File& file = place->second;
    map_bytes_ += made ? kFileBytes : 0;
    map_bytes_ -= file.slots.capacity() * sizeof(uint32_t);
    file.access_class = access_class;
    cut_rows(file, total, removed);
    note_versions(file, first == 0 && file.slots.size() <= records.size(), records);
    for (size_t i = 0; i < slots.size(); ++i) {
        const size_t row = first + i;
        if (row < file.slots.size()) {
            if (file.slots[row] != kNoSlot) {
                clear(file.slots[row]);
                removed.push_back(file.slots[row]);
            } else {
                --lost_rows_;
            }
            file.slots[row] = slots[i];
        } else {
            file.slots.push_back(slots[i]);
            ++rows_;
        }
        fill(slots[i], records[i], access_class);
    }
    map_bytes_ += file.slots.capacity() * sizeof(uint32_t);
    ++version_;
    return removed;
}

std::vector<uint32_t> RowTable::cut(uint64_t ino, uint32_t total) {
    std::vector<uint32_t> removed;
    const auto found = files_.find(ino);
    if (found == files_.end())
        return removed;
    cut_rows(found->second, total, removed);
    if (total == 0) {
        map_bytes_ -= kFileBytes + found->second.slots.capacity() * sizeof(uint32_t);
        files_.erase(found);
    }
    ++version_;
    return removed;
}

void RowTable::set_class(uint64_t ino, uint32_t access_class) {
    const auto found = files_.find(ino);
    if (found == files_.end() || found->second.access_class == access_class)
        return;
    found->second.access_class = access_class;
    for (const uint32_t slot : found->second.slots) {
        if (slot == kNoSlot)
            continue;
        count_class(at(slot).access_class, -1);
        count_class(access_class, 1);
        slot_at(slot).access_class = access_class;
    }
    ++version_;
}

void RowTable::load(uint64_t ino, File file, std::span<const RowRecord> records) {
    uint64_t lost = 0;
    for (size_t row = 0; row < file.slots.size(); ++row) {
        const uint32_t slot = file.slots[row];
        if (slot == kNoSlot) {
            ++lost;
            continue;
        }
        slot_at(slot) = {records[row], file.access_class};
        live_.add_alone(slot);
        pending_.add_alone(slot);
    }
    lost_rows_ += lost;
    count_class(file.access_class, static_cast<int64_t>(file.slots.size() - lost));
    note_versions(file, true, records);
    rows_ += file.slots.size();
    map_bytes_ += kFileBytes + file.slots.capacity() * sizeof(uint32_t);
    files_.emplace(ino, std::move(file));
    ++version_;
}

uint64_t RowTable::visible_rows(const std::vector<bool>& classes) const {
    uint64_t rows = 0;
    for (size_t i = 0; i < std::min(classes.size(), rows_of_class_.size()); ++i)
        rows += classes[i] ? rows_of_class_[i] : 0;
    return rows;
}

index::Bitmap RowTable::visible_slots(const std::vector<bool>& classes) const {
    index::Bitmap visible(end());
    for (size_t i = 0; i < live_.word_count(); ++i)
        for (uint64_t left = live_.load(i); left != 0; left &= left - 1) {
            const auto slot =
                static_cast<uint32_t>(i * 64 + static_cast<size_t>(std::countr_zero(left)));
            const uint32_t its = at(slot).access_class;
            if (its < classes.size() && classes[its])
                visible.add(slot);
        }
    return visible;
}

size_t RowTable::memory_bytes() const {
    return pieces_.size() * sizeof(Piece) + pieces_.capacity() * sizeof(pieces_[0]) + map_bytes_ +
           rows_of_class_.capacity() * sizeof(uint64_t) + live_.memory_bytes() +
           pending_.memory_bytes() + coded_.memory_bytes() + hasty_.memory_bytes() +
           damaged_.memory_bytes();
}

} // namespace vexfs
