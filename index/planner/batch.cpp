// SPDX-License-Identifier: Apache-2.0
#include "index/planner/batch.h"

#include <algorithm>

#include "base/guard.h"
#include "index/planner/search_run.h"

namespace vexfs::index {
namespace {

// Queries that are planned together.
// Threads: one thread.
class Batch {
  public:
    Batch(const SearchTarget& target, const SearchRequest& request,
          std::span<const VectorView> queries, BatchScratch& scratch,
          std::span<std::vector<Neighbor>> found, std::span<SearchReport> reports)
        : target_(target), queries_(queries), scratch_(scratch), reports_(reports) {
        // Neither may move: runs point to the requests.
        requests_.assign(queries.size(), request);
        runs_.reserve(queries.size());
        for (size_t i = 0; i < queries.size(); ++i) {
            requests_[i].query = queries[i];
            found[i].clear();
            runs_.emplace_back(target, requests_[i], scratch.search, found[i]);
        }
    }

    Status run() {
        const auto count = static_cast<uint32_t>(runs_.size());
        bool shared = count > 1;
        for (SearchRun& run : runs_) {
            choices_.push_back(VEXFS_TRY(run.begin(count)));
            shared = shared && choices_.back().plan == Plan::kCodeScan && choices_.back().shared;
        }
        if (shared)
            return scan();
        for (size_t i = 0; i < count; ++i)
            reports_[i] = VEXFS_TRY(runs_[i].run(choices_[i]));
        return ok();
    }

  private:
    Status scan() {
        const GraphCore& core = target_.graph->core();
        const GraphConfig& config = target_.graph->config();
        const size_t count = runs_.size();
        scratch_.codes.resize(std::max(scratch_.codes.size(), count));
        std::vector<const int8_t*> codes(count);
        for (size_t i = 0; i < count; ++i) {
            target_.codec->prepare(queries_[i], scratch_.codes[i]);
            codes[i] = scratch_.codes[i].values;
        }
        const ReaderEpochs::Guard guard(core.epochs, scratch_.search.walk.epoch_hint);
        const CodeScan scan(config.shape, core.codes.directory<uint8_t>(), config.isa);
        ScanCounters counters;
        std::vector<NearestRows> nearest(count);
        VEXFS_TRY_VOID(scan.nearest_of_each(runs_[0].rows(), codes, runs_[0].wanted(),
                                            requests_[0].stop, scratch_.scan, counters, nearest));
        const ScanCounters part{counters.distances / count, counters.bytes / count};
        for (size_t i = 0; i < count; ++i)
            reports_[i] = VEXFS_TRY(runs_[i].rank(choices_[i], nearest[i], part));
        return ok();
    }

    const SearchTarget& target_;
    const std::span<const VectorView> queries_;
    BatchScratch& scratch_;
    const std::span<SearchReport> reports_;
    std::vector<SearchRequest> requests_;
    std::vector<SearchRun> runs_;
    std::vector<PlanChoice> choices_;
};

} // namespace

Status search_batch(const SearchTarget& target, const SearchRequest& request,
                    std::span<const VectorView> queries, BatchScratch& scratch,
                    std::span<std::vector<Neighbor>> found, std::span<SearchReport> reports) {
    if (found.size() != queries.size() || reports.size() != queries.size())
        return fail(Code::kEINVAL, "search: room for the answers of a batch");
    return guard(fail(Code::kENOMEM, "search: no memory"), [&]() -> Status {
        for (size_t first = 0; first < queries.size(); first += kBatchQueries) {
            const size_t count = std::min<size_t>(kBatchQueries, queries.size() - first);
            Batch batch(target, request, queries.subspan(first, count), scratch,
                        found.subspan(first, count), reports.subspan(first, count));
            VEXFS_TRY_VOID(batch.run());
        }
        return ok();
    });
}

} // namespace vexfs::index
