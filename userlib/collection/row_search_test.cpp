// SPDX-License-Identifier: Apache-2.0
//
// Several points in one search.
#include "userlib/collection/row_search.h"

#include <map>

#include <doctest/doctest.h>

#include "userlib/testing/collection/test_collection.h"

using namespace vexfs;

namespace {

constexpr uint32_t kDim = 16;

std::vector<float> clustered(size_t count, uint64_t seed) {
    Random centres(1), random(seed);
    std::vector<float> around(size_t{40} * kDim), rows;
    for (float& value : around)
        value = static_cast<float>(centres.normal()) * 4;
    for (size_t i = 0; i < count; ++i) {
        const size_t centre = random.below(40);
        for (size_t j = 0; j < kDim; ++j)
            rows.push_back(around[centre * kDim + j] + static_cast<float>(random.normal()));
    }
    return rows;
}

// Every third row passes; each is asked about once.
class EveryThird final : public RowPredicate {
  public:
    Result<bool> passes(const RowId& id, const StoredRow& row) override {
        CHECK(++asked_[id] == 1);
        return row.meta.tag % 3 == 0;
    }

  private:
    std::map<RowId, int> asked_;
};

struct Answers {
    std::vector<std::vector<RowHit>> hits;
    std::vector<RowSearchReport> reports;
};

struct Fixture {
    TestCollection made{small_schema(kDim), uint64_t{128} << 20};
    std::vector<float> queries = clustered(50, 2);
    std::vector<index::VectorView> points;

    Fixture() {
        for (size_t i = 0; i < queries.size(); i += kDim)
            points.push_back({index::Element::kF32, kDim,
                              reinterpret_cast<const std::byte*>(queries.data() + i)});
    }

    // Files of some rows each, whose tags count up.
    void put_files(uint64_t first, uint64_t files, size_t rows, uint64_t seed) {
        for (uint64_t ino = first; ino < first + files; ++ino) {
            std::vector<RowMeta> metas(rows);
            for (size_t row = 0; row < rows; ++row)
                metas[row].tag = row;
            REQUIRE(made.rows().put(
                {ino, kAppend, false, 1, 0, metas, as_bytes(clustered(rows, seed + ino))}));
        }
    }
    Answers together(const RowQuery& query) {
        Answers answers{std::vector<std::vector<RowHit>>(points.size()),
                        std::vector<RowSearchReport>(points.size())};
        REQUIRE(made.rows().search_each(query, points, answers.hits, answers.reports));
        return answers;
    }
    // The answer of search() to each point is in `together`, but for so many hits in a hundred.
    void check_each(RowQuery query, const Answers& together, size_t lost_per_cent) {
        size_t wanted = 0, found = 0;
        for (size_t i = 0; i < points.size(); ++i) {
            EveryThird third;
            if (query.predicate != nullptr)
                query.predicate = &third;
            query.query = points[i];
            query.exact = true;
            std::vector<RowHit> alone;
            RowSearchReport report;
            REQUIRE(made.rows().search(query, alone, report));
            const std::vector<RowHit>& hits = together.hits[i];
            CHECK(hits.size() == alone.size());
            std::map<RowId, float> distances;
            for (const RowHit& hit : hits)
                CHECK(distances.emplace(hit.id, hit.distance).second);
            CHECK(std::ranges::is_sorted(hits, {}, &RowHit::distance));
            wanted += alone.size();
            for (const RowHit& hit : alone)
                found += distances.contains(hit.id) && distances[hit.id] == hit.distance ? 1U : 0U;
        }
        CHECK(found * 100 >= wanted * (100 - lost_per_cent));
    }
};

} // namespace

TEST_CASE_FIXTURE(Fixture, "search: several points are compared with vectors that are read once") {
    put_files(1030, 20, 20, 3); // too few to be linked
    RowQuery query;
    query.exact = true;
    const Answers answers = together(query);
    check_each(query, answers, 0);
    BlockCounts blocks;
    for (const RowSearchReport& report : answers.reports) {
        CHECK(report.exact);
        CHECK(report.exact_distances == 400);
        CHECK(report.rows == 400);
        blocks += report.blocks;
    }
    std::vector<RowHit> alone;
    RowSearchReport report;
    query.query = points[0];
    REQUIRE(made.rows().search(query, alone, report));
    CHECK(blocks.cached + blocks.read == report.blocks.cached + report.blocks.read);
}

TEST_CASE_FIXTURE(Fixture, "search: several points find linked rows and pending ones") {
    put_files(1030, 30, 100, 3);
    REQUIRE(made.rows().wait_linked({}));
    REQUIRE(made.rows().jobs().pause(0));
    put_files(1130, 10, 20, 4);
    REQUIRE(made.rows().counts().pending == 200);
    EveryThird third;
    RowQuery query;
    SUBCASE("all") {}
    SUBCASE("as few rows as a walk may find") {
        query.ef = 4;
    }
    SUBCASE("one of each file") {
        query.per_file = true;
    }
    SUBCASE("within a radius") {
        query.radius = 20;
    }
    SUBCASE("more than there are") {
        query.k = 5000;
    }
    SUBCASE("that pass a predicate") {
        query.predicate = &third;
    }
    const Answers answers = together(query);
    for (const RowSearchReport& report : answers.reports)
        CHECK(report.pending_scanned == 200);
    check_each(query, answers, query.ef == 4 ? 20 : 3);
}

TEST_CASE_FIXTURE(Fixture, "search: of many pending rows the codes say which are compared") {
    put_files(1030, 30, 100, 3);
    REQUIRE(made.rows().wait_linked({}));
    REQUIRE(made.rows().jobs().pause(0));
    put_files(1130, 20, 100, 4);
    RowQuery query;
    Answers answers = together(query);
    // They are made in the background.
    while (answers.reports[0].exact_distances > 600)
        answers = together(query);
    for (const RowSearchReport& report : answers.reports) {
        CHECK(report.pending_scanned == 2000);
        CHECK(report.code_distances > 2000);
        CHECK_FALSE(report.exact);
    }
    check_each(query, answers, 3);
    // Rows that come, change and go meanwhile have no codes, or none any more.
    put_files(1150, 5, 100, 5);
    for (uint64_t ino = 1130; ino < 1135; ++ino)
        REQUIRE(made.rows().put({ino, 0, true, 2, 0, {}, as_bytes(clustered(50, ino))}));
    REQUIRE(made.rows().drop(1140, 0));
    check_each(query, together(query), 3);
    query.radius = 20;
    check_each(query, together(query), 0);
    query.radius = std::numeric_limits<float>::infinity();
    query.per_file = true;
    check_each(query, together(query), 3);
    query.per_file = false;
    REQUIRE(made.rows().resume_jobs(0));
    REQUIRE(made.rows().wait_linked({}));
    answers = together(query);
    for (const RowSearchReport& report : answers.reports)
        CHECK(report.pending_scanned == 0);
    check_each(query, answers, 3);
}

TEST_CASE_FIXTURE(Fixture,
                  "search: many hits are as good as few, unless little effort is asked for") {
    put_files(1030, 10, 1000, 5);
    REQUIRE(made.rows().wait_linked({}));
    RowQuery query;
    query.k = 400; // of 10,000, with a schema whose ef is 64
    const Answers answers = together(query);
    for (const RowSearchReport& report : answers.reports)
        CHECK(report.ef >= (report.plan == index::Plan::kWalk ? 400 : 0));
    check_each(query, answers, 3);
    EveryThird third;
    query.k = 50;
    query.predicate = &third;
    check_each(query, together(query), 3);
    query.predicate = nullptr;
    query.ef = 20;
    const Answers quick = together(query);
    for (const RowSearchReport& report : quick.reports)
        CHECK(report.ef == (report.plan == index::Plan::kWalk ? 20 : 0));
    check_each(query, quick, 50);
}

TEST_CASE_FIXTURE(Fixture, "search: one bad point is the error of all") {
    put_files(1030, 1, 20, 3);
    RowQuery query;
    Answers answers{std::vector<std::vector<RowHit>>(points.size()),
                    std::vector<RowSearchReport>(points.size())};
    const auto code = [&] {
        const Status done = made.rows().search_each(query, points, answers.hits, answers.reports);
        return done ? Code{} : done.error().code;
    };
    CHECK(code() == Code{});
    queries[3 * kDim + 5] = std::numeric_limits<float>::infinity();
    CHECK(code() == Code::kEINVAL);
    queries[3 * kDim + 5] = 0;
    answers.hits.pop_back();
    CHECK(code() == Code::kEINVAL);
    points.clear();
    CHECK(code() == Code::kEINVAL);
}
