// SPDX-License-Identifier: Apache-2.0
//
// Whole records that are read with one batch of the device.
//
// Threads: one thread at a time.
#pragma once

#include "userlib/store/record.h"

namespace vexfs {

class RecordBatch {
  public:
    explicit RecordBatch(Device& device) : device_(device) {}

    void add(RecordItem record);
    [[nodiscard]] size_t count() const { return records_.size(); }
    // Of the device.
    [[nodiscard]] size_t blocks() const { return blocks_; }

    // Reads all that were added; others may come after clear().
    void read();
    void clear();
    // After that: what the record holds that was added as this one, counted from 0. EBADMSG,
    // EUCLEAN; what the device failed with.
    [[nodiscard]] Result<Page> content(size_t number) const;
    [[nodiscard]] const RecordItem& record(size_t number) const { return records_[number]; }

  private:
    struct Place { // of what was read of a record
        size_t block = 0;
        size_t io = 0;
    };

    Device& device_;
    std::vector<RecordItem> records_;
    std::vector<Place> places_; // and where the last one ends
    size_t blocks_ = 0;
    BlockBuffer room_;
    std::vector<Io> ios_;
};

// Reads all of one stored record, verified and decompressed. As content().
Result<Page> read_record(Device& device, const RecordItem& record);

} // namespace vexfs
