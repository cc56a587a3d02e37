// SPDX-License-Identifier: Apache-2.0
//
// Where everything lies on the device: arithmetic on the header, nothing else.
//
//     label 0 | label 1 | log ring | summary A | summary B | region 0 | ... | label 2 | label 3
//
// A label is the boot block, the header, the uberblock ring. A region is bitmap A, bitmap B, then
// blocks for nodes and records; the last region may be short.
//
// Threads: immutable.
#pragma once

#include "userlib/store/format.h"

namespace vexfs {

class Layout {
  public:
    static constexpr uint32_t kLabels = 4;
    static constexpr uint32_t kBitmapSlots = 2;

    // Checks every number of the header against its range and against the others; EUCLEAN names the
    // field.
    static Result<Layout> of(const Header& header);

    [[nodiscard]] const Header& header() const { return header_; }
    [[nodiscard]] uint64_t header_block(uint32_t label) const { return label_start(label) + 1; }
    [[nodiscard]] uint64_t uberblock_block(uint32_t label, uint64_t slot) const {
        return label_start(label) + 2 + slot;
    }
    [[nodiscard]] uint64_t log_start() const { return 2 * label_blocks(); }
    [[nodiscard]] uint64_t summary_start(uint32_t slot) const {
        return log_start() + header_.log_blocks + slot * summary_blocks_;
    }
    [[nodiscard]] uint64_t summary_blocks() const { return summary_blocks_; }
    [[nodiscard]] uint64_t regions() const { return regions_; }
    [[nodiscard]] uint64_t region_start(uint64_t region) const {
        return regions_start_ + region * header_.region_blocks;
    }
    // Blocks of the region that exist, its bitmaps included.
    [[nodiscard]] uint32_t region_size(uint64_t region) const;
    [[nodiscard]] uint64_t region_of(uint64_t block) const {
        return (block - regions_start_) / header_.region_blocks;
    }
    // Whether nodes and records may lie there.
    [[nodiscard]] bool allocatable(Segment segment) const;
    // All blocks that nodes and records may use.
    [[nodiscard]] uint64_t capacity_blocks() const;
    [[nodiscard]] uint32_t node_blocks() const { return blocks_for(header_.node_bytes); }
    [[nodiscard]] uint32_t record_blocks() const { return header_.record_bytes / kBlockBytes; }

  private:
    [[nodiscard]] uint64_t label_blocks() const { return 2 + header_.uberblock_slots; }
    [[nodiscard]] uint64_t label_start(uint32_t label) const {
        return label < 2 ? label * label_blocks()
                         : header_.device_blocks - (kLabels - label) * label_blocks();
    }

    Header header_;
    uint64_t summary_blocks_ = 0;
    uint64_t regions_start_ = 0;
    uint64_t regions_ = 0;
};

} // namespace vexfs
