// SPDX-License-Identifier: Apache-2.0
//
// Threads: one thread.
#include <memory>

#include "bench/data/generate.h"
#include "bench/instructions/cases.h"
#include "index/planner/index.h"

namespace vexfs {
namespace {

using index::Index;
using index::Neighbor;

constexpr uint32_t kRows = 2'000;
constexpr uint32_t kFresh = 200; // rows beyond those, for inserts
constexpr uint32_t kQueries = 100;
constexpr uint32_t kDim = 128;
constexpr uint32_t kNeighbors = 10;

struct Filled {
    VectorSet set;
    std::unique_ptr<Index> index;
    index::SearchScratch scratch;
};

Status put_rows(Filled& filled, uint32_t first, uint32_t count) {
    for (uint32_t row = first; row < first + count; ++row)
        VEXFS_TRY_VOID(filled.index->put(row, filled.set.base.view(row), filled.scratch));
    return ok();
}

// Made once: under valgrind that takes longest.
Result<std::shared_ptr<Filled>> filled() {
    static std::shared_ptr<Filled> made;
    if (made)
        return made;
    ClusteredShape shape;
    shape.rows = kRows + kFresh;
    shape.queries = kQueries;
    shape.dim = kDim;
    shape.clusters = 20;
    auto one = std::make_shared<Filled>();
    one->set = generate_clustered(shape);
    const Matrix& base = one->set.base;
    const index::TrainingTable sample{base.element,      index::Metric::kL2, kDim,
                                      base.bytes.data(), base.row_bytes(),   kRows};
    one->index = VEXFS_TRY(Index::create(sample, {}));
    VEXFS_TRY_VOID(put_rows(*one, 0, kRows));
    made = one;
    return one;
}

Status search_all(Filled& filled, const index::SearchRequest& like) {
    std::vector<Neighbor> found;
    for (uint32_t query = 0; query < kQueries; ++query) {
        index::SearchRequest request = like;
        request.query = filled.set.queries.view(query);
        request.k = kNeighbors;
        VEXFS_TRY_VOID(filled.index->search(request, filled.scratch, found));
        if (found.size() != kNeighbors)
            return fail(Code::kEIO, "a search found too few");
    }
    return ok();
}

// Buffers have their size, and what is decided once is decided.
Result<CountedWork> searches(const index::SearchRequest& like) {
    std::shared_ptr<Filled> one = VEXFS_TRY(filled());
    VEXFS_TRY_VOID(search_all(*one, like));
    return CountedWork([one, like] { return search_all(*one, like); });
}

Result<CountedWork> walk() {
    index::SearchRequest like{};
    like.ef = 32;
    like.forced = index::Plan::kWalk;
    return searches(like);
}

Result<CountedWork> scan() {
    index::SearchRequest like{};
    like.forced = index::Plan::kCodeScan;
    return searches(like);
}

Result<CountedWork> exact() {
    index::SearchRequest like{};
    like.exact = true;
    return searches(like);
}

Result<CountedWork> filtered() {
    std::shared_ptr<Filled> one = VEXFS_TRY(filled());
    const auto filter = std::make_shared<DrawnFilter>(random_filter(one->set, 20, 1));
    const auto work = [one, filter] {
        const index::BitmapView allowed = filter->allowed.view();
        index::SearchRequest like{};
        like.ef = 32;
        like.forced = index::Plan::kTwoHop;
        like.allowed = &allowed;
        return search_all(*one, like);
    };
    VEXFS_TRY_VOID(work());
    return CountedWork(work);
}

Result<CountedWork> insert() {
    std::shared_ptr<Filled> one = VEXFS_TRY(filled());
    return CountedWork([one]() -> Status {
        VEXFS_TRY_VOID(put_rows(*one, kRows, kFresh));
        return one->index->live_rows() == kRows + kFresh
                   ? ok()
                   : Status(fail(Code::kEIO, "rows were not linked"));
    });
}

constexpr CountedCase kCases[] = {
    {"index-walk", "100 searches of 2,000 rows of 128 x f32 by the graph, ef 32", walk},
    {"index-scan", "the same by a scan of the codes", scan},
    {"index-exact", "the same by the distances of all rows", exact},
    {"index-filtered", "the same by the graph of a fifth of the rows", filtered},
    {"index-insert", "200 rows put to those: the last, which the others must not see", insert},
};

} // namespace

std::span<const CountedCase> index_cases() {
    return kCases;
}

} // namespace vexfs
