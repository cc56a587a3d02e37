// SPDX-License-Identifier: Apache-2.0
#include "index/planner/searcher.h"

#include <doctest/doctest.h>
#include <set>
#include <thread>

#include "index/planner/index.h"
#include "index/planner/search_run.h"
#include "index/planner/test_rows.h"

using namespace vexfs;
using namespace vexfs::index;

namespace {

constexpr uint32_t kRows = 6000;

std::unique_ptr<Index> make_index(const TestRows& rows, SearchScratch& scratch) {
    const TrainingTable sample{Element::kF32, Metric::kL2,  kTestDim,
                               rows.data(),   kTestDim * 4, std::min(rows.count(), 2000U)};
    Result<std::unique_ptr<Index>> index = Index::create(sample, {});
    REQUIRE(index);
    for (uint32_t slot = 0; slot < rows.count(); ++slot)
        REQUIRE((*index)->put(slot, rows.row(slot), scratch));
    return std::move(*index);
}

// The share of the true neighbours that a search found.
double recall(const std::vector<Neighbor>& found, const std::vector<Neighbor>& truth) {
    if (truth.empty())
        return found.empty() ? 1 : 0;
    std::set<uint32_t> slots;
    for (const Neighbor& neighbor : truth)
        slots.insert(neighbor.slot);
    size_t hits = 0;
    for (const Neighbor& neighbor : found)
        hits += slots.count(neighbor.slot);
    return static_cast<double>(hits) / static_cast<double>(truth.size());
}

struct Built {
    TestRows rows{kRows, 91};
    SearchScratch scratch;
    std::unique_ptr<Index> index = make_index(rows, scratch);
};

// Made once, because it takes longer than the tests that only search.
const Built& built() {
    static const Built made;
    return made;
}

struct Fixture {
    explicit Fixture(const Built& made = built()) : rows(made.rows), index(made.index.get()) {}

    TestRows rows;
    SearchScratch scratch;
    Index* index;
    std::vector<Neighbor> found;

    SearchReport search(const SearchRequest& request) {
        Result<SearchReport> report = index->search(request, scratch, found);
        REQUIRE(report);
        CHECK(report->found == found.size());
        CHECK(std::is_sorted(found.begin(), found.end()));
        return *report;
    }
};

// For tests that change the index.
struct OwnFixture : private Built, Fixture {
    OwnFixture() : Fixture(static_cast<const Built&>(*this)) {}
    using Fixture::rows, Fixture::scratch, Fixture::index;
};

} // namespace

TEST_CASE_FIXTURE(Fixture,
                  "search: without a filter, by walk and by scan, recall is at least 0.95") {
    for (uint32_t ef : {20U, 64U, 2000U}) {
        double sum = 0;
        Plan plan = Plan::kNothing;
        for (uint32_t q = 0; q < TestRows::kQueries; ++q) {
            SearchRequest request{rows.query(q)};
            request.ef = ef;
            plan = search(request).plan;
            sum += recall(found, rows.nearest(q, 10, nullptr));
        }
        CHECK(plan == (ef == 20 ? Plan::kWalk : Plan::kCodeScan));
        CHECK(sum / TestRows::kQueries >= 0.95);
    }
}

TEST_CASE_FIXTURE(Fixture, "search: any filter is answered from allowed rows, with recall 0.95") {
    for (double share : {0.9, 0.5, 0.1, 0.01, 0.001}) {
        for (bool far : {false, true}) {
            double sum = 0;
            for (uint32_t q = 0; q < TestRows::kQueries; ++q) {
                const Bitmap allowed = far ? rows.far_filter(q, share) : rows.random_filter(share);
                const BitmapView view = allowed.view();
                SearchRequest request{rows.query(q)};
                request.ef = 16;
                request.allowed = &view;
                const SearchReport report = search(request);
                const auto truth = rows.nearest(q, 10, &allowed);
                REQUIRE(found.size() == truth.size());
                for (const Neighbor& neighbor : found)
                    CHECK(allowed.contains(neighbor.slot));
                if (report.exact)
                    CHECK(recall(found, truth) == 1);
                // The scan of all allowed rows, and a quarter of it for a walk that was given up.
                CHECK(report.code_distances <= 1.3 * kRows);
                sum += recall(found, truth);
            }
            INFO("share ", share, " far ", far);
            CHECK(sum / TestRows::kQueries >= 0.95);
        }
    }
}

TEST_CASE_FIXTURE(OwnFixture,
                  "search: a filter that counts removed rows too lets nothing else through") {
    constexpr uint32_t kRemoved = 1000;
    Bitmap allowed(kRows);
    for (uint32_t slot = 0; slot < kRemoved; ++slot)
        REQUIRE(index->remove(slot));
    for (uint32_t slot = 0; slot < kRows - kRemoved; ++slot)
        allowed.add(slot);
    const BitmapView view = allowed.view();
    for (uint32_t slot = kRows - kRemoved; slot < kRows; slot += 9) {
        SearchRequest request{rows.row(slot)};
        request.ef = 16;
        request.allowed = &view;
        search(request);
        CHECK(found.size() == request.k);
        for (const Neighbor& neighbor : found) {
            CHECK(neighbor.slot >= kRemoved);
            CHECK(allowed.contains(neighbor.slot));
        }
    }
}

TEST_CASE_FIXTURE(Fixture,
                  "search: every filtered plan can be forced, however few rows it allows") {
    for (uint32_t count : {1U, 5U, 14U}) {
        Bitmap allowed(kRows);
        for (uint32_t i = 0; i < count; ++i)
            allowed.add(100 + 7 * i);
        const BitmapView view = allowed.view();
        for (Plan plan : {Plan::kNavigate, Plan::kTwoHop, Plan::kCodeScan, Plan::kExact}) {
            SearchRequest request{rows.query(0)};
            request.allowed = &view;
            request.forced = plan;
            search(request);
            CHECK(found.size() == std::min(count, request.k));
        }
    }
}

TEST_CASE_FIXTURE(Fixture,
                  "search: a filtered plan keeps its recall and gives up where it cannot") {
    for (Plan plan : {Plan::kNavigate, Plan::kTwoHop, Plan::kCodeScan}) {
        for (double share : {0.9, 0.5, 0.2}) {
            for (bool far : {false, true}) {
                double sum = 0;
                uint32_t given_up = 0;
                for (uint32_t q = 0; q < TestRows::kQueries; ++q) {
                    const Bitmap allowed =
                        far ? rows.far_filter(q, share) : rows.random_filter(share);
                    const BitmapView view = allowed.view();
                    SearchRequest request{rows.query(q)};
                    request.allowed = &view;
                    request.forced = plan;
                    const SearchReport report = search(request);
                    given_up += report.walk_given_up;
                    CHECK(report.plan == (report.walk_given_up ? Plan::kCodeScan : plan));
                    sum += recall(found, rows.nearest(q, 10, &allowed));
                }
                INFO(name_of(plan), " share ", share, " far ", far, " given up ", given_up);
                CHECK(sum / TestRows::kQueries >= 0.95);
                if (!far)
                    CHECK(given_up <= TestRows::kQueries / 10);
                else if (plan != Plan::kCodeScan && share < 0.5)
                    CHECK(given_up >= TestRows::kQueries / 2);
            }
        }
    }
}

TEST_CASE_FIXTURE(Fixture,
                  "search: exact answers equal the definition, with and without a filter") {
    const Bitmap allowed = rows.random_filter(0.3);
    const BitmapView view = allowed.view();
    for (uint32_t q = 0; q < TestRows::kQueries; ++q) {
        for (const BitmapView* filter : {static_cast<const BitmapView*>(nullptr), &view}) {
            SearchRequest request{rows.query(q)};
            request.exact = true;
            request.k = 25;
            request.allowed = filter;
            const SearchReport report = search(request);
            CHECK(report.exact);
            CHECK(report.plan == Plan::kExact);
            CHECK(recall(found, rows.nearest(q, 25, filter == nullptr ? nullptr : &allowed)) == 1);
        }
    }
}

TEST_CASE_FIXTURE(Fixture, "search: k larger than the matches returns all of them") {
    Bitmap few(kRows);
    for (uint32_t slot = 0; slot < 7; ++slot)
        few.add(slot * 800 + 3);
    const BitmapView view = few.view();
    SearchRequest request{rows.query(0)};
    request.allowed = &view;
    request.k = 1000;
    CHECK(search(request).found == 7);
    request.allowed = nullptr;
    request.k = kRows;
    CHECK(search(request).found == kRows);
    request.k = UINT32_MAX;
    const SearchReport report = search(request);
    CHECK(report.found == kRows);
    CHECK(report.exact);
    const Bitmap none(kRows);
    const BitmapView nothing = none.view();
    request.allowed = &nothing;
    CHECK(search(request).found == 0);
}

TEST_CASE_FIXTURE(Fixture, "search: a smaller ef is less work, also below k") {
    uint64_t hops = UINT64_MAX, ranked = UINT64_MAX;
    for (const uint32_t ef : {40U, 10U, 5U, 2U}) {
        SearchReport sum;
        for (uint32_t q = 0; q < TestRows::kQueries; ++q) {
            SearchRequest request{rows.query(q)};
            request.ef = ef;
            request.forced = Plan::kWalk;
            const SearchReport report = search(request);
            CHECK(report.found == 10);
            sum.hops += report.hops;
            sum.exact_distances += report.exact_distances;
        }
        CHECK(sum.hops < hops);
        CHECK(sum.exact_distances <= ranked);
        CHECK(sum.exact_distances <= uint64_t{TestRows::kQueries} * std::max(10U, 2 * ef));
        hops = sum.hops;
        ranked = sum.exact_distances;
    }
}

TEST_CASE("search: rows that come while it runs push out none that was there") {
    constexpr uint32_t kThere = 40, kMore = 30;
    const TestRows rows(kThere + kMore, 17);
    for (const Plan plan : {Plan::kExact, Plan::kCodeScan}) {
        CAPTURE(std::string(name_of(plan)));
        const TrainingTable sample{Element::kF32, Metric::kL2,  kTestDim,
                                   rows.data(),   kTestDim * 4, kThere};
        const Result<std::unique_ptr<Index>> made = Index::create(sample, {});
        REQUIRE(made);
        Index* index = made->get();
        SearchScratch scratch;
        for (uint32_t slot = 0; slot < kThere; ++slot)
            REQUIRE(index->put(slot, rows.row(slot), scratch));
        SearchRequest request{rows.row(kThere)};
        request.k = kThere + 5;
        request.forced = plan;
        std::vector<Neighbor> found;
        SearchRun run(index->target(), request, scratch, found);
        const auto choice = run.begin();
        REQUIRE(choice);
        SearchScratch writer;
        for (uint32_t slot = kThere; slot < rows.count(); ++slot)
            REQUIRE(index->put(slot, rows.row(kThere), writer));
        REQUIRE(run.run(*choice));
        std::set<uint32_t> slots;
        for (const Neighbor& neighbor : found)
            slots.insert(neighbor.slot);
        for (uint32_t slot = 0; slot < kThere; ++slot)
            CHECK(slots.contains(slot));
    }
}

TEST_CASE_FIXTURE(Fixture, "search: ef below k still finds k") {
    SearchRequest request{rows.query(1)};
    request.k = 30;
    request.ef = 1;
    CHECK(search(request).found == 30);
    CHECK(recall(found, rows.nearest(1, 30, nullptr)) >= 0.9);
}

TEST_CASE_FIXTURE(Fixture, "search: a radius cuts the answer off, whatever the plan") {
    for (uint32_t q = 0; q < 10; ++q) {
        const auto truth = rows.nearest(q, 40, nullptr);
        for (bool exact : {false, true}) {
            SearchRequest request{rows.query(q)};
            request.k = 40;
            request.radius = (truth[19].distance + truth[20].distance) / 2;
            request.exact = exact;
            search(request);
            for (const Neighbor& neighbor : found)
                CHECK(neighbor.distance <= request.radius);
            CHECK(found.size() >= (exact ? 20 : 18));
            CHECK(found.size() <= 20);
            request.radius = -1;
            CHECK(search(request).found == 0);
        }
    }
}

TEST_CASE_FIXTURE(OwnFixture, "search: removed rows are not found by any plan") {
    const auto before = rows.nearest(2, 10, nullptr);
    for (const Neighbor& neighbor : before)
        REQUIRE(index->remove(neighbor.slot));
    CHECK(index->remove(before[0].slot).error().code == Code::kENOENT);
    for (uint32_t ef : {20U, 2000U}) {
        for (bool exact : {false, true}) {
            SearchRequest request{rows.query(2)};
            request.ef = ef;
            request.exact = exact;
            CHECK(search(request).found == 10);
            CHECK(recall(found, before) == 0);
        }
    }
}

TEST_CASE_FIXTURE(Fixture,
                  "search: what cannot be searched for is refused, and so is a slot in use") {
    const auto code = [&](const SearchRequest& request) {
        return index->search(request, scratch, found).error().code;
    };
    SearchRequest request{rows.query(0)};
    request.k = 0;
    CHECK(code(request) == Code::kEINVAL);
    request.k = 10;
    request.query.dim = 5;
    CHECK(code(request) == Code::kEINVAL);
    request.query = rows.query(0);
    request.radius = std::numeric_limits<float>::quiet_NaN();
    CHECK(code(request) == Code::kEINVAL);
    request = {rows.query(0)};
    request.forced = Plan::kTwoHop;
    CHECK(code(request) == Code::kEINVAL);
    request.forced = Plan::kNothing;
    CHECK(code(request) == Code::kEINVAL);
    const uint8_t cancelled = 1;
    request = {rows.query(0)};
    request.stop.cancel = &cancelled;
    CHECK(code(request) == Code::kECANCELED);
    request.stop = {nullptr, 1};
    CHECK(code(request) == Code::kETIMEDOUT);
    CHECK(index->put(5, rows.row(6), scratch).error().code == Code::kEEXIST);
    CHECK(index->live_rows() == kRows);
}

TEST_CASE("search: walks and scans of single bits and of halves find the nearest") {
    TestRows rows(3000, 94);
    TrainOptions options;
    SUBCASE("bits") {
        options.bits = 1;
    }
    SUBCASE("halves") {
        options.bits = 16;
    }
    const Codec codec = std::move(
        train_codec({Element::kF32, Metric::kL2, kTestDim, rows.data(), kTestDim * 4, 2000},
                    options)
            .value()
            .codec);
    GraphConfig config;
    config.shape = codec.shape();
    const std::unique_ptr<Graph> graph = Graph::create(config).value();
    VectorTable table(Element::kF32, kTestDim);
    SearchScratch scratch;
    for (uint32_t slot = 0; slot < rows.count(); ++slot) {
        alignas(64) uint8_t record[kCodecRecordBytesMax];
        REQUIRE(table.put(slot, rows.row(slot)));
        codec.encode(rows.row(slot), record);
        REQUIRE(graph->insert(slot, record, scratch.walk));
    }
    const TableSource source = TableSource::make(table, Metric::kL2).value();
    for (const Plan plan : {Plan::kWalk, Plan::kCodeScan}) {
        double sum = 0;
        for (uint32_t q = 0; q < TestRows::kQueries; ++q) {
            SearchRequest request{rows.query(q)};
            request.forced = plan;
            request.rerank = 40;
            std::vector<Neighbor> found;
            REQUIRE(search({graph.get(), &codec, &source}, request, scratch, found));
            sum += recall(found, rows.nearest(q, 10, nullptr));
        }
        CHECK(sum / TestRows::kQueries >= 0.95);
    }
}

TEST_CASE("search: an empty index finds nothing") {
    TestRows rows(300, 92);
    const TrainingTable sample{Element::kF32, Metric::kL2,  kTestDim,
                               rows.data(),   kTestDim * 4, 300};
    Result<std::unique_ptr<Index>> index = Index::create(sample, {});
    REQUIRE(index);
    SearchScratch scratch;
    std::vector<Neighbor> found;
    Result<SearchReport> report = (*index)->search({rows.query(0)}, scratch, found);
    REQUIRE(report);
    CHECK(report->plan == Plan::kNothing);
    CHECK(found.empty());
}

TEST_CASE("search: scans and walks go on while rows are put and removed") {
    TestRows rows(4000, 93);
    SearchScratch writer_scratch;
    const TrainingTable sample{Element::kF32, Metric::kL2,  kTestDim,
                               rows.data(),   kTestDim * 4, 2000};
    std::unique_ptr<Index> index = Index::create(sample, {}).value();
    for (uint32_t slot = 0; slot < 1000; ++slot)
        REQUIRE(index->put(slot, rows.row(slot), writer_scratch));
    std::atomic<bool> done = false;
    std::thread writer([&] {
        for (uint32_t slot = 1000; slot < 4000; ++slot) {
            CHECK(index->put(slot, rows.row(slot), writer_scratch));
            if (slot % 3 == 0)
                CHECK(index->remove(slot - 500));
        }
        done = true;
    });
    SearchScratch scratch;
    std::vector<Neighbor> found;
    for (uint32_t round = 0; !done || round < 30; ++round) {
        SearchRequest request{rows.query(round % TestRows::kQueries)};
        request.ef = round % 2 == 0 ? 10 : 3000;
        request.exact = round % 3 == 0;
        const Result<SearchReport> report = index->search(request, scratch, found);
        REQUIRE(report);
        CHECK(report->found == 10);
    }
    writer.join();
    CHECK(index->live_rows() == 3000);
}
