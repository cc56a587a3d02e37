// SPDX-License-Identifier: Apache-2.0
#include "bench/batch/batch_contest.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>

#include "bench/machine/machine.h"
#include "bench/ratio/ratio.h"
#include "index/planner/batch.h"
#include "index/planner/index.h"

namespace vexfs {

namespace {

using Clock = std::chrono::steady_clock;
using Answers = std::vector<std::vector<index::Neighbor>>;

double ns_since(Clock::time_point start) {
    return std::chrono::duration<double, std::nano>(Clock::now() - start).count();
}

Result<std::unique_ptr<index::Index>> index_of(const Matrix& base) {
    const index::TrainingTable sample{base.element,     index::Metric::kL2,
                                      base.dim,         base.bytes.data(),
                                      base.row_bytes(), std::min<size_t>(base.rows, 16'384)};
    std::unique_ptr<index::Index> index = VEXFS_TRY(index::Index::create(sample, {}));
    index::SearchScratch scratch;
    for (uint32_t slot = 0; slot < base.rows; ++slot)
        VEXFS_TRY_VOID(index->put(slot, base.view(slot), scratch));
    return index;
}

// Asks all queries of the set, a batch at a time: what else the machine does falls on both.
// Threads: one thread.
class Asker {
  public:
    Asker(const VectorSet& set, const index::Index& index, const BatchPlan& plan)
        : index_(index), plan_(plan), reports_(set.queries.rows), alone_(set.queries.rows),
          together_(set.queries.rows) {
        for (size_t i = 0; i < set.queries.rows; ++i)
            queries_.push_back(set.queries.view(i));
    }

    // A round: some queries one by one, and then others, which find no warmer caches, at once; or,
    // if `twice`, each query again after itself. The figures are of the batch in the middle.
    Status turn(std::optional<index::Plan> forced, bool twice, double& alone_ns,
                double& together_ns) {
        std::vector<double> alone, together;
        const size_t half = queries_.size() / plan_.size / 2 * plan_.size;
        for (size_t first = 0; first < queries_.size(); first += plan_.size) {
            const size_t count = std::min<size_t>(plan_.size, queries_.size() - first);
            double one = 0, other = 0;
            for (size_t i = first; i < first + count; ++i) {
                one += VEXFS_TRY(ask(i, forced, alone_[i]));
                if (twice)
                    other += VEXFS_TRY(ask(i, forced, together_[i]));
            }
            alone.push_back(one / static_cast<double>(count));
            size_t asked = count;
            if (!twice) {
                const size_t others = (first + half) % queries_.size();
                asked = std::min<size_t>(plan_.size, queries_.size() - others);
                other = VEXFS_TRY(ask_batch(others, asked, forced));
            }
            together.push_back(other / static_cast<double>(asked));
        }
        alone_ns = middle_of(std::move(alone));
        together_ns = middle_of(std::move(together));
        return ok();
    }

    [[nodiscard]] double recall_alone() const { return recall(alone_); }
    [[nodiscard]] double recall_together() const { return recall(together_); }

    // Finds what recall is held against.
    Status find_truth() {
        truth_.resize(queries_.size());
        for (size_t i = 0; i < queries_.size(); ++i) {
            index::SearchRequest exactly = request(i, std::nullopt);
            exactly.exact = true;
            VEXFS_TRY_VOID(index_.search(exactly, scratch_.search, truth_[i]));
        }
        return ok();
    }

  private:
    [[nodiscard]] index::SearchRequest request(size_t query,
                                               std::optional<index::Plan> forced) const {
        index::SearchRequest request{queries_[query]};
        request.k = plan_.k;
        request.ef = plan_.ef;
        request.forced = forced;
        return request;
    }
    Result<double> ask(size_t query, std::optional<index::Plan> forced,
                       std::vector<index::Neighbor>& found) {
        const Clock::time_point start = Clock::now();
        VEXFS_TRY_VOID(index_.search(request(query, forced), scratch_.search, found));
        return ns_since(start);
    }
    Result<double> ask_batch(size_t first, size_t count, std::optional<index::Plan> forced) {
        const Clock::time_point start = Clock::now();
        VEXFS_TRY_VOID(index::search_batch(index_.target(), request(first, forced),
                                           std::span(queries_).subspan(first, count), scratch_,
                                           std::span(together_).subspan(first, count),
                                           std::span(reports_).subspan(first, count)));
        return ns_since(start);
    }
    [[nodiscard]] double recall(const Answers& answers) const {
        size_t found = 0, wanted = 0;
        for (size_t i = 0; i < truth_.size(); ++i) {
            wanted += truth_[i].size();
            for (const index::Neighbor& row : answers[i])
                found += row.distance <= truth_[i].back().distance ? 1 : 0;
        }
        return static_cast<double>(found) / static_cast<double>(wanted);
    }

    const index::Index& index_;
    const BatchPlan& plan_;
    index::BatchScratch scratch_;
    std::vector<index::VectorView> queries_;
    std::vector<index::SearchReport> reports_;
    Answers alone_;
    Answers together_;
    Answers truth_;
};

} // namespace

// The first round of each warms up and does not count.
Result<std::vector<BatchFigures>> run_batch_contest(const VectorSet& set, const BatchPlan& plan) {
    const std::unique_ptr<index::Index> index = VEXFS_TRY(index_of(set.base));
    const Pinned pinned = VEXFS_TRY(Pinned::to(plan.processor));
    Asker asker(set, *index, plan);
    VEXFS_TRY_VOID(asker.find_truth());
    std::vector<BatchFigures> ways{{"scan", "a batch", set.base.rows, {}, {}, 0, 0},
                                   {"as planned", "a batch", set.base.rows, {}, {}, 0, 0},
                                   {"walk", "asked again", set.base.rows, {}, {}, 0, 0}};
    const std::optional<index::Plan> plans[] = {index::Plan::kCodeScan, std::nullopt,
                                                index::Plan::kWalk};
    for (uint32_t round = 0; round <= plan.rounds; ++round) {
        for (size_t i = 0; i < ways.size(); ++i) {
            double alone_ns = 0, together_ns = 0;
            const bool twice = plans[i] == index::Plan::kWalk;
            VEXFS_TRY_VOID(asker.turn(plans[i], twice, alone_ns, together_ns));
            ways[i].recall_alone = asker.recall_alone();
            ways[i].recall_together = asker.recall_together();
            if (round == 0)
                continue;
            ways[i].alone_ns.push_back(alone_ns);
            ways[i].together_ns.push_back(together_ns);
        }
    }
    return ways;
}

} // namespace vexfs
