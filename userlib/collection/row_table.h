// SPDX-License-Identifier: Apache-2.0
//
// The rows of a collection in memory: what each slot holds, and the slots of each file.
//
// It does no I/O and knows nothing of graphs but the sets of slots that are pending or damaged.
//
// Threads: the const functions and those that give a set of slots from many threads while nobody
// calls the others; the others one at a time. The collection's lock sees to that.
#pragma once

#include <array>
#include <memory>
#include <unordered_map>

#include "index/kernels/bitmap.h"
#include "userlib/collection/row_map.h"
#include "userlib/collection/row_record.h"
#include "userlib/collection/slot_set.h"

namespace vexfs {

class RowTable {
  public:
    struct Slot {
        RowRecord record; // ino 0: no row
        uint32_t access_class = 0;
    };
    struct File {
        std::vector<uint32_t> slots; // by row; kNoSlot: damage took it
        uint32_t access_class = 0;
        // Of the file's data when they were put; of the last ones if they differ.
        uint64_t data_version = 0;
        bool versions_differ = false;
    };

    // Room for slots below `end`.
    void resize(uint32_t end);

    // Makes the file's rows in [first, first + records.size()) those of the slots, and cuts it off
    // behind `total`. All are pending. Returns the slots that it has no more.
    std::vector<uint32_t> replace(uint64_t ino, uint32_t first, uint32_t total,
                                  std::span<const uint32_t> slots,
                                  std::span<const RowRecord> records, uint32_t access_class);
    // Cuts the file off behind `total` rows; 0: it is gone. Returns the slots.
    std::vector<uint32_t> cut(uint64_t ino, uint32_t total);
    void set_class(uint64_t ino, uint32_t access_class);
    // Rows as an open finds them.
    void load(uint64_t ino, File file, std::span<const RowRecord> records);

    [[nodiscard]] const File* file(uint64_t ino) const {
        const auto found = files_.find(ino);
        return found == files_.end() ? nullptr : &found->second;
    }
    [[nodiscard]] const Slot& at(uint32_t slot) const {
        return (*pieces_[slot / kSlotsOfPiece])[slot % kSlotsOfPiece];
    }
    [[nodiscard]] bool live(uint32_t slot) const {
        return slot < end_ && at(slot).record.id.ino != 0;
    }
    [[nodiscard]] StoredRow stored_row(uint32_t slot) const {
        const RowRecord& record = at(slot).record;
        return {record.meta, record.data_version, pending_.contains(slot) || hasty_.contains(slot),
                damaged_.contains(slot)};
    }
    [[nodiscard]] uint32_t end() const { return end_; }
    [[nodiscard]] uint64_t rows() const { return rows_; }
    [[nodiscard]] uint64_t lost_rows() const { return lost_rows_; } // of these: without a slot
    [[nodiscard]] uint64_t files() const { return files_.size(); }
    template <typename Visit>
    void for_each_file(Visit visit) const {
        for (const auto& [ino, file] : files_)
            visit(ino, file);
    }
    // How many rows that have a slot were put with the same version of the file's data.
    template <typename Visit>
    void for_each_version(const File& file, Visit visit) const {
        if (!file.versions_differ && lost_rows_ == 0)
            return visit(file.data_version, file.slots.size());
        for (const uint32_t slot : file.slots)
            if (slot != kNoSlot)
                visit(at(slot).record.data_version, size_t{1});
    }
    // Another after each change.
    [[nodiscard]] uint64_t version() const { return version_; }

    // Rows of the classes, and their slots. A class beyond the vector is not visible.
    [[nodiscard]] uint64_t visible_rows(const std::vector<bool>& classes) const;
    [[nodiscard]] index::Bitmap visible_slots(const std::vector<bool>& classes) const;

    [[nodiscard]] const SlotSet& live_slots() const { return live_; }
    // Not in the graph. Rows of the table alone are in it.
    [[nodiscard]] SlotSet& pending() { return pending_; }
    [[nodiscard]] const SlotSet& pending() const { return pending_; }
    // Of the pending ones: the graph has their codes. Also rows that are pending no more.
    [[nodiscard]] SlotSet& coded() { return coded_; }
    [[nodiscard]] const SlotSet& coded() const { return coded_; }
    // Not pending, but linked in haste: their neighbours are looked for again.
    [[nodiscard]] SlotSet& hasty() { return hasty_; }
    [[nodiscard]] const SlotSet& hasty() const { return hasty_; }
    // Whose vector could not be read.
    [[nodiscard]] SlotSet& damaged() { return damaged_; }
    [[nodiscard]] const SlotSet& damaged() const { return damaged_; }

    [[nodiscard]] size_t memory_bytes() const;

  private:
    // Slots stay where they are as the table grows: in one array of all, either a part of it would
    // be spare or all would be copied often, while nobody can search.
    static constexpr uint32_t kSlotsOfPiece = 64;
    using Piece = std::array<Slot, kSlotsOfPiece>;

    Slot& slot_at(uint32_t slot) { return (*pieces_[slot / kSlotsOfPiece])[slot % kSlotsOfPiece]; }
    void fill(uint32_t slot, const RowRecord& record, uint32_t access_class);
    void clear(uint32_t slot);
    void count_class(uint32_t access_class, int64_t rows);
    static void note_versions(File& file, bool all, std::span<const RowRecord> records);
    void cut_rows(File& file, uint32_t total, std::vector<uint32_t>& removed);

    std::vector<std::unique_ptr<Piece>> pieces_;
    uint32_t end_ = 0;
    std::unordered_map<uint64_t, File> files_;
    std::vector<uint64_t> rows_of_class_; // those with a slot
    SlotSet live_;
    SlotSet pending_;
    SlotSet coded_;
    SlotSet hasty_;
    SlotSet damaged_;
    uint64_t rows_ = 0;
    uint64_t lost_rows_ = 0;
    uint64_t version_ = 0;
    size_t map_bytes_ = 0; // of files_
};

} // namespace vexfs
