// SPDX-License-Identifier: Apache-2.0
//
// A volume with a collection whose rows turn over: what it holds follows from the number of
// turnovers alone, so that a fresh one can be made to hold the same.
//
// Threads: one thread, but for the volume.
#pragma once

#include <algorithm>
#include <map>
#include <string>

#include "base/random.h"
#include "userlib/engine/volume.h"
#include "userlib/testing/volume/file_volume.h"

namespace vexfs {

struct ChurnShape {
    uint32_t rows = 10'000;
    uint32_t dim = 32;
    uint64_t seed = 1;
    bool paced = true; // a turnover waits now and then for the work in the background
};

// What is measured of a volume at rest.
struct ChurnFigures {
    double recall = 0; // at 10, of searches that walk
    // Of the processor's time for one search, each query at its least since the last turnover: what
    // other programs disturb is another search each time.
    double p99_us = 0;
    uint64_t disk_bytes = 0;
    uint64_t resident_bytes = 0; // of the process
    uint64_t counted_bytes = 0;  // of memory, of the collection as it counts itself
    uint64_t slots = 0;
    uint64_t dead = 0;
};

class ChurnedVolume {
  public:
    explicit ChurnedVolume(const ChurnShape& shape);

    // What a volume of so many rows may take: two graphs, while codes are learned anew.
    static constexpr uint64_t memory_bytes(uint64_t rows) {
        return std::max(VolumeOptions::kMemoryBytesMin, rows * 1280);
    }
    // Its cache is full once it holds so many bytes.
    static constexpr uint64_t cache_bytes(uint64_t rows) { return memory_bytes(rows) / 4 * 3; }

    // Every file has the rows of that turnover: as they are put into an empty collection.
    void fill(uint32_t turnover);
    // From the turnover before to that one: a third of the files is overwritten in place, a third
    // is dropped and appended to, a third is removed and made anew, in any order.
    void turn_over(uint32_t turnover);
    // Until all is linked, committed and freed.
    void rest();
    // The same queries each time.
    [[nodiscard]] ChurnFigures measure();

  private:
    [[nodiscard]] std::vector<float> row(uint64_t file, uint32_t turnover, uint32_t row) const;
    // A vector of one of the clusters.
    [[nodiscard]] std::vector<float> draw(Random& random) const;
    [[nodiscard]] std::vector<uint64_t> nearest(const std::vector<float>& query, bool exact,
                                                uint64_t& ns);
    void make(uint64_t file);
    void put(uint64_t file, uint32_t turnover, uint32_t first);
    // Until the rows so far are linked and few dead ones are left.
    void keep_pace();
    [[nodiscard]] RowCounts totals();

    const ChurnShape shape_;
    const uint64_t files_;
    std::vector<std::vector<float>> centres_;
    std::vector<std::vector<float>> directions_;
    const FileVolume file_;
    std::unique_ptr<Volume> volume_;
    uint64_t directory_ = 0;
    std::map<uint64_t, uint64_t> inos_; // by file
    std::vector<uint64_t> least_ns_;    // by query
};

} // namespace vexfs
