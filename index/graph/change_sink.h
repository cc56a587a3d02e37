// SPDX-License-Identifier: Apache-2.0
//
// Who is told about every change of the graph, so that it can be made durable.
//
// A change carries the whole new state of one part of the graph: a row's links on one level, the
// row through which another is found, the entry. A log of changes can therefore be replayed over a
// state from any moment of it. Three things are no changes: a code, which stays while its row is
// linked; remove(), whose caller knows of it; and what a GraphLoader leaves out of what it is
// given.
//
// Threads: any that changes the graph, perhaps with a lock of the graph held. Calls about different
// parts come at once; what is said of one part comes in order, and row_released() between all that
// is said of the row and all that is said of the next row of that slot. An implementation must
// neither throw nor call the graph.
#pragma once

#include <cstdint>
#include <span>

namespace vexfs::index {

class ChangeSink {
  public:
    virtual ~ChangeSink() = default;

    // The neighbours of a row on a level: level 0, or an upper level that the row has. All are
    // slots.
    virtual void links_changed(uint32_t slot, uint32_t level, std::span<const uint32_t> links) = 0;
    // The row has the same code as `shared` and is found through it.
    virtual void duplicate_added(uint32_t slot, uint32_t shared) = 0;
    // The row is in the graph no more; its slot may be used again.
    virtual void row_released(uint32_t slot) = 0;
    // Where a search begins; kNoLink: nowhere, the graph is empty.
    virtual void entry_changed(uint32_t slot) = 0;
};

} // namespace vexfs::index
