// SPDX-License-Identifier: Apache-2.0
//
// Writes the graph of a collection to its objects, a few pages at a time.
//
// While rows are linked it writes as many pages as a share of them allows, in turn; the rest when
// the linker has been idle for a while, or is told to. A graph over new codes goes to the other
// object; it replaces the one before when all of its rows but the newest are written.
//
// Threads: the linker's; give_up() any.
#pragma once

#include "userlib/collection/graph_file.h"
#include "userlib/collection/row_state.h"

namespace vexfs {

class GraphFlush {
  public:
    // A graph that an open has restored is on the disk.
    GraphFlush(RowState& state, bool read_only);

    // So many rows were linked.
    void linked(size_t rows) { credit_ += rows; }
    // Whether pages should be written although more rows are to be linked.
    [[nodiscard]] bool due() const;
    // Whether anything differs from the disk, and can be written.
    [[nodiscard]] bool behind();
    // Writes some pages. True if there are more. Without a graph nothing is left of a stored one.
    Result<bool> step();

    // The collection is to be destroyed: nothing is written from here on.
    void give_up();

  private:
    GraphFile& file() { return files_[generation_ % files_.size()]; }
    GraphFile& other_file() { return files_[(generation_ + 1) % files_.size()]; }
    Status begin(const LinkedRows& linked);
    Status write_pages(LinkedRows& linked);

    RowState& state_;
    const bool enabled_;
    std::array<GraphFile, 2> files_;
    size_t credit_ = 0;
    GraphHead head_;
    uint32_t generation_ = 0; // of what is being written; 0: nothing was
    bool whole_ = false;      // the head is there, and the other graph is not
    Mutex mutex_;             // held while something is written
    bool given_up_ VEXFS_GUARDED_BY(mutex_) = false;
};

} // namespace vexfs
