// SPDX-License-Identifier: Apache-2.0
//
// What is left of a foreign index file once every byte of it has been checked: vectors, labels and
// links.
//
// Row numbers are dense. A list of links names rows of the same index that exist on the list's
// level, none twice and never its own row.
//
// Threads: a value; any number of readers.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "index/kernels/metric.h"

namespace vexfs::index {

// The links of every row on every level it is on, level 0 first.
class ImportedLinks {
  public:
    // Rows are added in order, and for each row its levels from 0 up.
    void begin_row() { first_list_.push_back(static_cast<uint32_t>(list_begin_.size())); }
    void begin_level() { list_begin_.push_back(targets_.size()); }
    void add(uint32_t target) { targets_.push_back(target); }

    [[nodiscard]] uint32_t rows() const { return static_cast<uint32_t>(first_list_.size()); }
    [[nodiscard]] uint32_t levels_of(uint32_t row) const {
        const size_t end = row + 1 < first_list_.size() ? first_list_[row + 1] : list_begin_.size();
        return static_cast<uint32_t>(end - first_list_[row]);
    }
    [[nodiscard]] std::span<const uint32_t> of(uint32_t row, uint32_t level) const {
        const size_t list = first_list_[row] + level;
        const size_t end = list + 1 < list_begin_.size() ? list_begin_[list + 1] : targets_.size();
        return std::span(targets_).subspan(list_begin_[list], end - list_begin_[list]);
    }

  private:
    std::vector<uint32_t> first_list_;
    std::vector<uint64_t> list_begin_;
    std::vector<uint32_t> targets_;
};

struct ImportedIndex {
    uint32_t dim = 0;
    uint32_t rows = 0;
    std::vector<float> vectors;   // rows * dim, all finite
    std::vector<uint64_t> labels; // what the library's user called each row; no two are equal
    std::vector<bool> deleted;
    ImportedLinks links; // no rows if the file had no graph
    uint32_t entry = 0;  // a row on the top level, when there are links
};

} // namespace vexfs::index
