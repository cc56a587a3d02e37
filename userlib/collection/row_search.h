// SPDX-License-Identifier: Apache-2.0
//
// One search of a collection, of a point or of several that differ in nothing else: pending rows by
// a scan of their vectors, or of their codes if these are known and any row may be an answer;
// linked ones by whatever way the planner takes; both into one answer each.
//
// Several points share what can be shared: rows are tested once, a scan reads each vector once, and
// the planner sees all of them. What that costs is told in the report of the first.
//
// A predicate is asked as late as can be: a scan asks it only about rows that are near enough to be
// an answer, a walk about the rows that it found, and walks farther until enough have passed. If a
// sample says that few would, all visible rows are tested first and those that pass are searched.
// One row of each file is what index/planner/groups.h makes of a search.
//
// Threads: one thread; the collection's lock is shared while it runs.
#pragma once

#include <memory>
#include <span>
#include <unordered_set>
#include <vector>

#include "userlib/collection/nearest_rows.h"
#include "userlib/collection/row_state.h"
#include "userlib/collection/search_scratches.h"

namespace vexfs {

class RowSearch {
  public:
    // `points` stand in the place of query.query; there is a report for each. All are lent.
    RowSearch(RowState& state, VisibleSets& visible, RowScratch& scratch, const RowQuery& query,
              std::span<const index::VectorView> points, std::span<RowSearchReport> reports);

    // The hits of each point.
    Status run(std::span<std::vector<RowHit>> hits);

  private:
    class Files; // as groups of rows

    // What is looked for, and what of it has been found.
    struct Asked {
        index::VectorView point;
        RowSearchReport* report;
        NearestRows nearest;
        std::unordered_set<uint32_t> offered{}; // by walks; what the scan kept, too
        bool beyond_radius = false;
        bool by_codes = false; // not all pending rows were compared by their vectors
    };

    // How much of the linked rows a walk has to bring.
    struct Reach {
        uint32_t fetch = 0;
        bool lazy = false;                            // rows come untested
        std::shared_ptr<const index::Bitmap> allowed; // instead of the visible ones
    };

    Status check() const VEXFS_REQUIRES_SHARED(state_.lock);
    void choose_visible() VEXFS_REQUIRES_SHARED(state_.lock);
    // The visible ones of 64 slots.
    [[nodiscard]] uint64_t visible_word(size_t word) const VEXFS_REQUIRES_SHARED(state_.lock);
    Status scan(const SlotSet& which, const SlotSet* apart = nullptr)
        VEXFS_REQUIRES_SHARED(state_.lock);
    Status scan_listed() VEXFS_REQUIRES_SHARED(state_.lock);
    Status scan_pending() VEXFS_REQUIRES_SHARED(state_.lock);
    Status scan_coded(Asked& asked, uint32_t ranked) VEXFS_REQUIRES_SHARED(state_.lock);
    Status offer(Asked& asked, uint32_t slot, float distance) VEXFS_REQUIRES_SHARED(state_.lock);
    Result<bool> passes(uint32_t slot) VEXFS_REQUIRES_SHARED(state_.lock);

    [[nodiscard]] uint64_t damaged_before() const VEXFS_REQUIRES_SHARED(state_.lock);
    Status walk() VEXFS_REQUIRES_SHARED(state_.lock);
    Status walk_farther(Asked& asked, Reach reach) VEXFS_REQUIRES_SHARED(state_.lock);
    Status find_near(std::span<Asked> asked, const Reach& reach) VEXFS_REQUIRES_SHARED(state_.lock);
    Status find_groups(const Asked& asked, const Reach& reach, const index::SearchTarget& target,
                       const RankingSource& source, index::SearchRequest& request, size_t which)
        VEXFS_REQUIRES_SHARED(state_.lock);
    Status take_found(Asked& asked, size_t which) VEXFS_REQUIRES_SHARED(state_.lock);
    [[nodiscard]] uint32_t ef_of(const Reach& reach) const VEXFS_REQUIRES_SHARED(state_.lock);
    [[nodiscard]] bool found_enough(const Asked& asked, size_t which, const Reach& reach) const;
    Status widen(Asked& asked, Reach& reach) VEXFS_REQUIRES_SHARED(state_.lock);
    Result<Reach> first_reach() VEXFS_REQUIRES_SHARED(state_.lock);
    Result<double> sample_rate() VEXFS_REQUIRES_SHARED(state_.lock);
    Status test_all(Reach& reach) VEXFS_REQUIRES_SHARED(state_.lock);
    void account(RowSearchReport& report, const index::SearchReport& found) const;

    void finish(Asked& asked, std::vector<RowHit>& hits) VEXFS_REQUIRES_SHARED(state_.lock);

    RowState& state_;
    VisibleSets& visible_sets_;
    RowScratch& scratch_;
    const RowQuery& query_;
    std::vector<Asked> asked_;
    RowSearchReport& shared_;                      // the first one: of what all share
    std::shared_ptr<const index::Bitmap> visible_; // null: all
    uint32_t ef_ = 0;                              // of the last walk
    index::Bitmap tested_;
    index::Bitmap passed_;
};

} // namespace vexfs
