// SPDX-License-Identifier: Apache-2.0
//
// Who is told about every change of the graph, so that it can be made durable.
//
// A change carries the whole new state of what changed, so that a log of changes can be replayed
// from any point and any number of times. Codes are not changes: they never change while their row
// is linked.
//
// Threads: called by whoever changes the graph, with the changed row locked: changes of one row
// arrive in order. An implementation must not call back into the graph.
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
