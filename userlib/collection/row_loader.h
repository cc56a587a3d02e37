// SPDX-License-Identifier: Apache-2.0
//
// The rows of a collection as an open finds them.
//
// The records of rows say which files there may be, the row map of each file what is true. Where
// records are damaged every file of the volume is asked. What damage took is logged: a file whose
// map cannot be read has no rows, and their slots are not used again before the volume is repaired.
//
// Threads: one thread, before anybody else has the state.
#pragma once

#include <functional>

#include "userlib/collection/row_state.h"

namespace vexfs {

class RowLoader {
  public:
    // The class of a file; nothing if it is no more.
    using ClassOf = std::function<Result<std::optional<uint32_t>>(uint64_t ino)>;

    RowLoader(RowState& state, const ClassOf& class_of) : state_(state), class_of_(class_of) {}

    // Of memory, with the table that it fills.
    Result<uint64_t> bytes_needed();
    Status run();
    // By slot: which vector the row has that it holds, 0 if that is not known.
    [[nodiscard]] const std::vector<uint32_t>& sums() const { return sums_; }
    // Then: the slots that neither a row nor a graph has are free.
    void give_rest();

    // Slots whose bytes are of no row: a crash left them.
    [[nodiscard]] const std::vector<uint32_t>& stray() const { return stray_; }
    // Files whose maps have pieces behind their rows, and where these are.
    struct Leftover {
        uint64_t ino = 0;
        uint32_t from = 0;
        uint32_t end = 0;
    };
    [[nodiscard]] const std::vector<Leftover>& leftovers() const { return leftovers_; }

  private:
    Status read_records();
    Result<std::vector<uint64_t>> record_offsets();
    Status read_rows(uint64_t first, uint64_t end);
    void take_record(uint64_t slot, const std::byte* bytes);
    void merge_files();
    size_t read_maps_ahead(size_t first);
    Status load_file(uint64_t ino) VEXFS_REQUIRES(state_.lock);
    void note_unreadable(uint64_t ino);
    void take_slots(uint64_t ino, std::span<uint32_t> slots);
    RowRecord record_of(uint64_t ino, uint32_t row, uint32_t slot);

    struct FileSeen {
        uint64_t ino = 0;
        uint32_t rows = 0; // of it, by the records
    };

    RowState& state_;
    const ClassOf& class_of_;
    std::vector<RowRecord> records_; // by slot
    std::vector<uint32_t> sums_;     // by slot
    std::vector<FileSeen> files_;
    std::vector<bool> used_; // by slot: a map names it, or might
    std::vector<uint32_t> stray_;
    std::vector<Leftover> leftovers_;
    uint64_t damaged_records_ = 0;
    uint64_t unlike_records_ = 0;      // that say something else than the map
    std::vector<uint64_t> unreadable_; // files
};

} // namespace vexfs
