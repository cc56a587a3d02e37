// SPDX-License-Identifier: Apache-2.0
//
// One search on its way: planned, then run by itself, or ranked from what a scan that it shared
// with other queries has found.
//
// Threads: one thread.
#pragma once

#include <vector>

#include "index/flat/code_scan.h"
#include "index/graph/search_session.h"
#include "index/planner/searcher.h"

namespace vexfs::index {

class SearchRun {
  public:
    // All are lent.
    SearchRun(const SearchTarget& target, const SearchRequest& request, SearchScratch& scratch,
              std::vector<Neighbor>& found)
        : core_(target.graph->core()), graph_(*target.graph), codec_(*target.codec),
          source_(*target.source), request_(request), scratch_(scratch), found_(found) {}

    // What it is going to do, if `batch` searches like it are at hand. EINVAL and what ScanStop
    // says.
    Result<PlanChoice> begin(uint32_t batch = 1);
    // Does it.
    Result<SearchReport> run(const PlanChoice& choice);

    // For a choice of kCodeScan: the scan of codes, and what makes an answer of its rows. The
    // caller holds a guard of the graph's epochs from before the scan until after the ranking.
    [[nodiscard]] ScanRows rows() const { return {slot_end_, request_.allowed, &states_}; }
    [[nodiscard]] uint32_t wanted() const { return rerank_; }
    Result<SearchReport> rank(const PlanChoice& choice, NearestRows nearest,
                              const ScanCounters& counters);

  private:
    Status check() const;
    void start(const PlanChoice& choice);
    SearchReport report();

    Status compute_exact();
    Status measure_batch(NearestKeys& nearest);
    Status scan_codes();
    Status rank_nearest(NearestRows nearest, const ScanCounters& counters);
    // False if the walk was given up.
    Result<bool> walk(const PlanChoice& choice);
    Result<bool> navigate(const PlanChoice& choice);
    Status walk_if_allowed(SearchSession& session, const PlanChoice& choice);
    Result<bool> probe(const PlanChoice& choice);
    SearchParams walk_params(const PlanChoice& choice) const;
    Status add(const SearchCost& cost, WalkEnd end);

    const GraphCore& core_;
    const Graph& graph_;
    const Codec& codec_;
    const VectorSource& source_;
    const SearchRequest& request_;
    SearchScratch& scratch_;
    std::vector<Neighbor>& found_;
    const RowStates states_{core_.states.directory<uint64_t>(), kRowLinked | kRowDead, kRowLinked};
    uint32_t slot_end_ = 0; // when it was planned: younger slots are passed by
    // No more than there may be rows, even if more are inserted meanwhile: none of them may push
    // out one that was there before.
    uint32_t k_ = 0;
    uint32_t ef_ = 0;
    uint32_t rerank_ = 0; // at least k_
    uint32_t live_ = 0;   // when it was planned
    uint32_t allowed_ = 0;
    SearchReport report_;
};

} // namespace vexfs::index
