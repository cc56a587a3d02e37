// SPDX-License-Identifier: Apache-2.0
//
// One search of a collection: pending rows by a scan of their vectors, linked ones by whatever way
// the planner takes, both into one answer.
//
// A predicate is asked as late as can be: a scan asks it only about rows that are near enough to be
// an answer, a walk about the rows that it found, and walks farther until enough have passed. If a
// sample says that few would, all visible rows are tested first and those that pass are searched.
// One row of each file is what index/planner/groups.h makes of a search.
//
// Threads: one thread; the collection's lock is shared while it runs.
#pragma once

#include <unordered_set>

#include "userlib/collection/nearest_rows.h"
#include "userlib/collection/row_state.h"
#include "userlib/collection/search_scratches.h"

namespace vexfs {

class RowSearch {
  public:
    RowSearch(RowState& state, VisibleSets& visible, RowScratch& scratch, const RowQuery& query,
              RowSearchReport& report);

    Status run(std::vector<RowHit>& hits);

  private:
    class Files; // as groups of rows

    // How much of the linked rows a walk has to bring.
    struct Reach {
        uint32_t fetch = 0;
        bool lazy = false;                    // rows come untested
        std::optional<index::Bitmap> allowed; // instead of the visible ones
    };

    Status check() const VEXFS_REQUIRES_SHARED(state_.lock);
    void choose_visible() VEXFS_REQUIRES_SHARED(state_.lock);
    // The visible ones of 64 slots.
    [[nodiscard]] uint64_t visible_word(size_t word) const VEXFS_REQUIRES_SHARED(state_.lock);
    Status scan(const SlotSet& which) VEXFS_REQUIRES_SHARED(state_.lock);
    Status scan_listed() VEXFS_REQUIRES_SHARED(state_.lock);
    Status offer(uint32_t slot, float distance) VEXFS_REQUIRES_SHARED(state_.lock);
    Result<bool> passes(uint32_t slot) VEXFS_REQUIRES_SHARED(state_.lock);

    [[nodiscard]] uint64_t damaged_before() const VEXFS_REQUIRES_SHARED(state_.lock);
    Status walk() VEXFS_REQUIRES_SHARED(state_.lock);
    Status walk_round(const Reach& reach, bool& enough) VEXFS_REQUIRES_SHARED(state_.lock);
    Status find_near(const Reach& reach, index::SearchReport& found)
        VEXFS_REQUIRES_SHARED(state_.lock);
    Status widen(Reach& reach) VEXFS_REQUIRES_SHARED(state_.lock);
    Result<Reach> first_reach() VEXFS_REQUIRES_SHARED(state_.lock);
    Result<double> sample_rate() VEXFS_REQUIRES_SHARED(state_.lock);
    Status test_all(Reach& reach) VEXFS_REQUIRES_SHARED(state_.lock);
    void account(const index::SearchReport& found);

    void finish(std::vector<RowHit>& hits) VEXFS_REQUIRES_SHARED(state_.lock);

    RowState& state_;
    VisibleSets& visible_sets_;
    RowScratch& scratch_;
    const RowQuery& query_;
    RowSearchReport& report_;
    std::shared_ptr<const index::Bitmap> visible_; // null: all
    NearestRows nearest_;
    index::Bitmap tested_;
    index::Bitmap passed_;
    std::unordered_set<uint32_t> offered_; // by walks; what the scan kept, too
    bool beyond_radius_ = false;
};

} // namespace vexfs
