// SPDX-License-Identifier: Apache-2.0
//
// Sweeps the search effort of several contenders on the same queries, side by side.
//
// A first pass, untimed, finds the recall of each effort and warms the caches; a contender's sweep
// ends at the first effort beyond the last recall that is asked for. A contender with efforts of
// its own is tuned in that pass: of all of them those stay that no other beats in recall and time.
// Then every round runs effort after effort, and for each effort the contenders one after the
// other, so that whatever else the machine does falls on all of them. Queries are asked one at a
// time from one thread.
//
// Threads: one thread.
#pragma once

#include <span>
#include <vector>

#include "base/result.h"
#include "bench/ann/contender.h"
#include "bench/ann/curve.h"
#include "bench/data/truth.h"

namespace vexfs {

struct SweepPlan {
    uint32_t k = 10;
    uint32_t rounds = 3;
    std::vector<uint32_t> efforts;
    double last_recall = 0.99;
    std::vector<uint32_t> queries; // numbers of the queries to ask
};

// Holds answers against the truth.
// Threads: immutable.
class Judge {
  public:
    // Everything is lent and outlives the judge. `allowed` may be null.
    Judge(const ExactDistance& distance, const Truth& truth, const index::BitmapView* allowed)
        : distance_(distance), truth_(truth), allowed_(allowed) {}

    // How many rows a perfect answer to the query has, at most k.
    [[nodiscard]] uint32_t expected(size_t query, uint32_t k) const;
    // How many of those are among the answers. Rows that the filter forbids do not count.
    [[nodiscard]] uint32_t found(size_t query, uint32_t k,
                                 std::span<const index::Neighbor> answers) const;

  private:
    const ExactDistance& distance_;
    const Truth& truth_;
    const index::BitmapView* allowed_;
};

// The effort's recall over the plan's queries.
Result<double> measure_recall(Contender& contender, const Judge& judge, const SweepPlan& plan,
                              uint32_t effort);

// One series of points per contender, in the order given. The queries are loaded and the
// restriction is set.
Result<std::vector<std::vector<Point>>> sweep(std::span<Contender* const> contenders,
                                              const Judge& judge, const SweepPlan& plan);

} // namespace vexfs
