// SPDX-License-Identifier: Apache-2.0
#include "index/planner/batch.h"

#include <doctest/doctest.h>

#include "index/planner/index.h"
#include "index/planner/test_rows.h"

using namespace vexfs;
using namespace vexfs::index;

namespace {

constexpr uint32_t kRows = 3000;

// An index of the rows, some of which were removed.
struct Built {
    Built() {
        const TrainingTable sample{Element::kF32, Metric::kL2,  kTestDim,
                                   rows.data(),   kTestDim * 4, 2000};
        index = Index::create(sample, {}).value();
        SearchScratch scratch;
        for (uint32_t slot = 0; slot < kRows; ++slot)
            REQUIRE(index->put(slot, rows.row(slot), scratch));
        for (uint32_t slot = 0; slot < kRows; slot += 17)
            REQUIRE(index->remove(slot));
    }

    TestRows rows{kRows, 95};
    std::unique_ptr<Index> index;
};

// Made once, because it takes longer than the searches.
const Built& built() {
    static const Built made;
    return made;
}

struct Fixture {
    Fixture() {
        for (uint32_t i = 0; i < TestRows::kQueries; ++i)
            queries.push_back(rows.query(i));
    }

    Status search(const SearchRequest& request, size_t count) {
        found.assign(count, {{1, 0.0F}});
        reports.assign(count, {});
        return search_batch(index->target(), request, std::span(queries).first(count), scratch,
                            found, reports);
    }

    TestRows rows = built().rows;
    const Index* index = built().index.get();
    BatchScratch scratch;
    std::vector<VectorView> queries;
    std::vector<std::vector<Neighbor>> found;
    std::vector<SearchReport> reports;
};

} // namespace

TEST_CASE_FIXTURE(Fixture,
                  "batch: any number of queries finds what each finds alone by that plan") {
    const Bitmap half = rows.random_filter(0.5);
    const BitmapView view = half.view();
    for (const BitmapView* allowed : {static_cast<const BitmapView*>(nullptr), &view}) {
        for (const Plan plan : {Plan::kCodeScan, Plan::kWalk, Plan::kNavigate, Plan::kExact}) {
            if ((plan == Plan::kWalk && allowed) || (plan == Plan::kNavigate && !allowed))
                continue;
            for (const size_t count : {0, 1, 2, 15, 16, 17, 40}) {
                SearchRequest request{queries[0]};
                request.allowed = allowed;
                request.forced = plan;
                request.radius = 30;
                REQUIRE(search(request, count));
                for (size_t i = 0; i < count; ++i) {
                    request.query = queries[i];
                    std::vector<Neighbor> alone;
                    const SearchReport report =
                        index->search(request, scratch.search, alone).value();
                    CHECK(found[i] == alone);
                    CHECK(reports[i].found == alone.size());
                    CHECK(reports[i].plan == report.plan);
                    CHECK(reports[i].exact == report.exact);
                    CHECK(reports[i].exact_distances == report.exact_distances);
                }
            }
        }
    }
}

TEST_CASE_FIXTURE(Fixture, "batch: queries that share a scan read each row once") {
    SearchRequest request{queries[0]};
    request.forced = Plan::kCodeScan;
    REQUIRE(search(request, 1));
    const uint64_t alone = reports[0].bytes;
    REQUIRE(search(request, kBatchQueries));
    uint64_t together = 0;
    for (const SearchReport& report : reports)
        together += report.bytes;
    CHECK(together <= alone);
    CHECK(together > alone / 2);
}

TEST_CASE_FIXTURE(Fixture, "batch: the error of one query is that of all") {
    SearchRequest request{queries[0]};
    std::vector<float> broken(kTestDim, std::numeric_limits<float>::quiet_NaN());
    queries[20].data = reinterpret_cast<const std::byte*>(broken.data());
    CHECK(search(request, 20));
    CHECK(search(request, 21).error().code == Code::kEINVAL);
    const uint8_t cancelled = 1;
    request.stop.cancel = &cancelled;
    CHECK(search(request, 4).error().code == Code::kECANCELED);
    found.resize(3);
    reports.resize(3);
    CHECK(
        search_batch(index->target(), request, std::span(queries).first(4), scratch, found, reports)
            .error()
            .code == Code::kEINVAL);
}

TEST_CASE("batch: one that has nothing to search finds nothing") {
    const TestRows rows(300, 96);
    const TrainingTable sample{Element::kF32, Metric::kL2,  kTestDim,
                               rows.data(),   kTestDim * 4, 300};
    const auto index = Index::create(sample, {}).value();
    const std::vector<VectorView> queries{rows.query(0), rows.query(1)};
    std::vector<std::vector<Neighbor>> found(2, {{1, 0.0F}});
    std::vector<SearchReport> reports(2);
    BatchScratch scratch;
    REQUIRE(search_batch(index->target(), {queries[0]}, queries, scratch, found, reports));
    CHECK(found[0].empty());
    CHECK(found[1].empty());
    CHECK(reports[1].plan == Plan::kNothing);
}
