// SPDX-License-Identifier: Apache-2.0
//
// A search for the nearest groups of rows, as of files that have many rows each: a group is as near
// as its nearest row.
//
// Rows are searched a few at a time, nearest first, and no more than it takes to meet k groups.
// What belongs to a group that was met, or to none, is left out of the next search, so that a group
// of very many near rows costs one look at it.
//
// Threads: one thread a search.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/result.h"
#include "index/planner/searcher.h"

namespace vexfs::index {

class RowGroups {
  public:
    virtual ~RowGroups() = default;

    // Of no group: the row is not wanted. Asked of each row once, nearest first; an error ends the
    // search.
    virtual Result<std::optional<uint64_t>> group_of(uint32_t slot) = 0;
    // Adds the rows of a group.
    virtual void rows_of(uint64_t group, std::vector<uint32_t>& slots) = 0;
};

struct GroupFetch {
    uint32_t first = 0;         // rows that are searched at first
    uint64_t most = UINT64_MAX; // in all: beyond it the search ends with SearchReport::cut_short
};

// The nearest row of each of the k nearest groups, nearest first, into `found`; fewer only if there
// are no more (or none within the radius), or if it was cut short. Errors: as search(), and what
// the groups return.
Result<SearchReport> search_groups(const SearchTarget& target, const SearchRequest& request,
                                   RowGroups& groups, const GroupFetch& fetch,
                                   SearchScratch& scratch, std::vector<Neighbor>& found);

} // namespace vexfs::index
