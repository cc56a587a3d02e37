// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <set>
#include <thread>

#include <doctest/doctest.h>

#include "userlib/collection/linker.h"
#include "userlib/testing/collection/test_collection.h"

using namespace vexfs;

namespace {

constexpr uint32_t kDim = 32;

// Vectors around centres, as embeddings are.
class Clusters {
  public:
    explicit Clusters(uint64_t seed) : random_(seed) {
        for (float& value : centres_)
            value = static_cast<float>(random_.normal()) * 4;
    }

    std::vector<float> rows(size_t count) {
        std::vector<float> rows;
        for (size_t i = 0; i < count; ++i) {
            const size_t centre = random_.below(kCentres);
            for (size_t j = 0; j < kDim; ++j)
                rows.push_back(centres_[centre * kDim + j] + static_cast<float>(random_.normal()));
        }
        return rows;
    }

  private:
    static constexpr size_t kCentres = 50;

    Random random_;
    std::vector<float> centres_ = std::vector<float>(kCentres * kDim);
};

void put(TestCollection& made, uint64_t ino, const std::vector<float>& vectors,
         uint32_t first = kAppend) {
    REQUIRE(made.rows().put({ino, first, false, 1, 0, {}, as_bytes(vectors)}));
}

// The share of the ten nearest that an approximate search finds.
double recall(TestCollection& made, const std::vector<float>& queries, RowPredicate* predicate) {
    size_t found = 0;
    size_t wanted = 0;
    for (size_t i = 0; i < queries.size(); i += kDim) {
        RowQuery query = made.query({queries.data() + i, queries.data() + i + kDim});
        query.predicate = predicate;
        std::vector<RowHit> hits;
        RowSearchReport report;
        REQUIRE(made.rows().search(query, hits, report));
        std::set<RowId> ids;
        for (const RowHit& hit : hits)
            ids.insert(hit.id);
        REQUIRE(ids.size() == 10);
        CHECK((predicate != nullptr || report.plan != index::Plan::kExact));
        query.exact = true;
        REQUIRE(made.rows().search(query, hits, report));
        CHECK(report.exact);
        wanted += hits.size();
        for (const RowHit& hit : hits)
            found += ids.count(hit.id);
    }
    return static_cast<double>(found) / static_cast<double>(wanted);
}

} // namespace

TEST_CASE("linker: few rows are never linked, and waiting for it ends at once") {
    TestCollection made(small_schema(kDim));
    put(made, 1030, Clusters(1).rows(200));
    REQUIRE(made.rows().wait_linked({}));
    CHECK(made.rows().counts().pending == 200);
    CHECK(made.rows().counts().trained_rows == 0);
}

TEST_CASE("linker: linked rows are found, also after a change, a drop and another training") {
    TestCollection made(small_schema(kDim), uint64_t{128} << 20);
    Clusters clusters(2);
    const std::vector<float> queries = clusters.rows(100);
    put(made, 1030, clusters.rows(1500));
    REQUIRE(made.rows().wait_linked({}));
    CHECK(made.rows().counts().pending == 0);
    CHECK(made.rows().counts().trained_rows == 1500);
    CHECK(made.rows().counts().graph_bytes > 0);
    CHECK(recall(made, queries, nullptr) >= 0.95);

    for (uint64_t ino = 1031; ino < 1044; ++ino)
        put(made, ino, clusters.rows(1000));
    put(made, 1035, clusters.rows(300), 100);
    REQUIRE(made.rows().drop(1030, 700));
    REQUIRE(made.rows().wait_linked({}));
    CHECK(made.rows().counts().pending == 0);
    CHECK(made.rows().counts().rows == 13700);
    CHECK(recall(made, queries, nullptr) >= 0.95);
    // The rows are eight times those of the training.
    while (made.rows().counts().trained_rows == 1500)
        std::this_thread::yield();
    REQUIRE(made.rows().wait_linked({}));
    CHECK(made.rows().counts().pending == 0);
    CHECK(recall(made, queries, nullptr) >= 0.95);

    // What was removed gives its slots back, to rows of other files.
    for (uint64_t ino = 1031; ino < 1038; ++ino)
        REQUIRE(made.rows().drop(ino, 0));
    while (made.rows().counts().dead > 700)
        std::this_thread::yield();
    const uint64_t slots = made.rows().counts().slots;
    for (uint64_t ino = 1050; ino < 1056; ++ino)
        put(made, ino, clusters.rows(1000));
    CHECK(made.rows().counts().slots == slots);
    REQUIRE(made.rows().wait_linked({}));
    CHECK(recall(made, queries, nullptr) >= 0.95);
}

TEST_CASE("linker: a predicate and classes are met by linked rows, however few are left") {
    TestCollection made(small_schema(kDim), uint64_t{128} << 20);
    Clusters clusters(3);
    const std::vector<float> queries = clusters.rows(20);
    for (uint64_t file = 0; file < 30; ++file) {
        const std::vector<float> vectors = clusters.rows(300);
        std::vector<RowMeta> metas(300);
        for (uint64_t row = 0; row < 300; ++row)
            metas[row].tag = row * 30 + file;
        REQUIRE(made.rows().put({1030 + file, kAppend, false, 1, static_cast<uint32_t>(file), metas,
                                 as_bytes(vectors)}));
    }
    REQUIRE(made.rows().wait_linked({}));
    for (const uint64_t tag : {100, 4000, 8000, 8900, 8989}) {
        CAPTURE(tag);
        TagAbove above(tag);
        CHECK(recall(made, queries, &above) >= 0.95);
    }
    TagAbove three(8996);
    RowQuery query = made.query({queries.data(), queries.data() + kDim});
    query.predicate = &three;
    std::vector<RowHit> hits;
    RowSearchReport report;
    REQUIRE(made.rows().search(query, hits, report));
    CHECK(hits.size() == 3);
    CHECK(report.short_why == kShortRows);
    CHECK(report.passed == 3);

    std::vector<bool> classes(30, false);
    classes[7] = true;
    query.predicate = nullptr;
    query.classes = &classes;
    query.k = 1000;
    REQUIRE(made.rows().search(query, hits, report));
    CHECK(hits.size() == 300);
    for (const RowHit& hit : hits)
        CHECK(hit.id.ino == 1037);
}

TEST_CASE("linker: one hit a file, although one file has nearly all rows") {
    TestCollection made(small_schema(kDim), uint64_t{128} << 20);
    Clusters clusters(4);
    put(made, 1030, clusters.rows(5000));
    for (uint64_t ino = 1031; ino < 1036; ++ino)
        put(made, ino, clusters.rows(20));
    REQUIRE(made.rows().wait_linked({}));
    RowQuery query = made.query(clusters.rows(1));
    query.per_file = true;
    std::vector<RowHit> hits;
    RowSearchReport report;
    REQUIRE(made.rows().search(query, hits, report));
    std::vector<RowHit> exact;
    query.exact = true;
    REQUIRE(made.rows().search(query, exact, report));
    REQUIRE(exact.size() == 6);
    REQUIRE(hits.size() == 6);
    for (size_t i = 0; i < hits.size(); ++i)
        CHECK(hits[i].id == exact[i].id);
}

TEST_CASE("linker: thousands of equal vectors are linked and all of them are found") {
    TestCollection made(small_schema(kDim));
    put(made, 1030, std::vector<float>(3000 * kDim, 1.0F));
    REQUIRE(made.rows().wait_linked({}));
    CHECK(made.rows().counts().pending == 0);
    CHECK(made.nearest(std::vector<float>(kDim, 1.0F), 3000, false).size() == 3000);
}

TEST_CASE("linker: a flat collection and one without codes are scanned") {
    for (const bool flat : {false, true}) {
        Schema schema = small_schema(kDim);
        schema.index = static_cast<uint16_t>(flat ? IndexKind::kFlat : IndexKind::kAuto);
        schema.codes = static_cast<uint16_t>(flat ? CodesKind::kAuto : CodesKind::kNone);
        TestCollection made(schema);
        put(made, 1030, Clusters(5).rows(1200));
        REQUIRE(made.rows().wait_linked({}));
        CHECK(made.rows().counts().trained_rows == 0);
        CHECK(made.nearest(Clusters(6).rows(1), 10, false) ==
              made.nearest(Clusters(6).rows(1), 10, true));
    }
}

TEST_CASE("linker: codes are those that the schema asks for, and come back as such") {
    const struct {
        CodesKind kind;
        uint32_t code_bytes;
    } cases[] = {{CodesKind::kI8, 64}, {CodesKind::kF16, 128}, {CodesKind::kBit, 64}};
    for (const auto& wanted : cases) {
        CAPTURE(static_cast<int>(wanted.kind));
        Schema schema = small_schema(kDim);
        schema.codes = static_cast<uint16_t>(wanted.kind);
        TestCollection made(schema, uint64_t{128} << 20);
        Clusters clusters(7);
        put(made, 1030, clusters.rows(3000));
        REQUIRE(made.rows().wait_linked({}));
        const std::vector<float> queries = clusters.rows(30);
        CHECK(made.rows().counts().code_bytes == wanted.code_bytes);
        CHECK(recall(made, queries, nullptr) >= 0.95);
        made.reopen();
        REQUIRE(made.rows().wait_linked({}));
        CHECK(made.rows().counts().code_bytes == wanted.code_bytes);
        CHECK(recall(made, queries, nullptr) >= 0.95);
    }
}

TEST_CASE("linker: what it does is listed as jobs, and rests while they are paused") {
    TestCollection made(small_schema(kDim));
    Clusters clusters(5);
    REQUIRE(made.rows().jobs().pause(0));
    put(made, 1030, clusters.rows(1200));
    CHECK(made.rows().jobs().list().empty());
    CHECK(made.rows().counts().trained_rows == 0);
    REQUIRE(made.rows().resume_jobs(0));
    REQUIRE(made.rows().wait_linked({}));
    std::vector<JobRecord> jobs = made.rows().jobs().list();
    REQUIRE(jobs.size() == 2);
    CHECK(jobs[0].kind == JobKind::kLink);
    CHECK(jobs[0].state == JobState::kDone);
    CHECK(jobs[0].done == 1200);
    CHECK(jobs[0].total == 1200);
    CHECK(jobs[1].kind == JobKind::kTrain);
    CHECK(jobs[1].state == JobState::kDone);

    // Fewer than the linker takes out by itself.
    REQUIRE(made.rows().drop(1030, 1190));
    CHECK(made.rows().counts().dead == 10);
    while (!made.rows().take_out_dead(std::chrono::milliseconds(5)).value())
        ;
    CHECK(made.rows().counts().dead == 0);
    jobs = made.rows().jobs().list();
    const auto taken = std::ranges::find(jobs, JobKind::kConsolidate, &JobRecord::kind);
    REQUIRE(taken != jobs.end());
    CHECK(taken->done == 10);
}

TEST_CASE("linker: codes are learned anew of few rows, or once they fit no more") {
    CHECK_FALSE(should_learn_anew(1000, 7999, 1'000'000, false));
    CHECK(should_learn_anew(1000, 8000, 0, false));
    CHECK_FALSE(should_learn_anew(kSampleRowsMax, kSampleRowsMax * 1000, 1'000'000, false));
    CHECK(should_learn_anew(10'000, 10'000, 10'000, true));
    CHECK_FALSE(should_learn_anew(10'000, 19'999, 9'999, true));
}

TEST_CASE("linker: rows of other directions are noticed, and codes are learned that fit both") {
    TestCollection made(small_schema(256), uint64_t{256} << 20);
    // 128 numbers of a row are zero: the first ones of the later rows, the last ones of the others.
    Random random(9);
    const auto rows = [&](uint64_t count, uint32_t from) {
        std::vector<float> vectors(count * 256, 0);
        for (uint64_t row = 0; row < count; ++row)
            for (uint32_t i = from; i < from + 128; ++i)
                vectors[row * 256 + i] = static_cast<float>(random.normal());
        return vectors;
    };
    put(made, 1030, rows(4500, 0));
    REQUIRE(made.rows().wait_linked({}));
    CHECK(made.rows().counts().trained_rows == 4500);
    put(made, 1031, rows(1000, 128));
    REQUIRE(made.rows().wait_linked({}));
    CHECK(made.rows().counts().trained_rows == 4500);
    put(made, 1032, rows(4500, 128));
    while (made.rows().counts().trained_rows == 4500)
        std::this_thread::yield();
    REQUIRE(made.rows().wait_linked({}));
    CHECK(made.rows().counts().pending == 0);
}

TEST_CASE("linker: removed rows are taken out while others wait to be linked") {
    TestCollection made(small_schema(kDim), uint64_t{256} << 20);
    Clusters clusters(7);
    put(made, 1030, clusters.rows(3000));
    REQUIRE(made.rows().wait_linked({}));
    put(made, 1031, clusters.rows(20'000));
    REQUIRE(made.rows().drop(1030, 1000));
    while (made.rows().counts().dead > 0)
        std::this_thread::yield();
    CHECK(made.rows().counts().pending > 0);
    CHECK(made.rows().counts().slots == 23'000);
    // Nor does the second graph wait, which 24,000 rows call for.
    put(made, 1032, clusters.rows(3000));
    while (made.rows().counts().trained_rows < 24'000)
        std::this_thread::yield();
    REQUIRE(made.rows().wait_linked({}));
    CHECK(recall(made, clusters.rows(20), nullptr) >= 0.95);
}

TEST_CASE("linker: a second graph catches up with the first, however many rows wait") {
    constexpr uint64_t kMany = 40'000;
    TestCollection made(small_schema(kDim), uint64_t{256} << 20);
    Clusters clusters(8);
    put(made, 1030, clusters.rows(1200));
    REQUIRE(made.rows().wait_linked({}));
    REQUIRE(made.rows().jobs().pause(0));
    put(made, 1031, clusters.rows(kMany));
    REQUIRE(made.rows().resume_jobs(0));
    while (made.rows().counts().trained_rows == 1200)
        std::this_thread::yield();
    CHECK(made.rows().counts().pending > kMany / 4);
    REQUIRE(made.rows().wait_linked({}));
    CHECK(recall(made, clusters.rows(20), nullptr) >= 0.95);
}

TEST_CASE("linker: puts are slowed to its pace beyond the bound, and never refused") {
    constexpr uint32_t kSmall = 4;
    TestCollection made(small_schema(kSmall), uint64_t{256} << 20);
    Random random(6);
    std::vector<float> vectors((kBacklogRows + 20'000) * kSmall);
    for (float& value : vectors)
        value = static_cast<float>(random.normal());
    // Not slowed while an owner keeps the linker from its work.
    REQUIRE(made.rows().jobs().pause(0));
    put(made, 1030, vectors);
    const auto began = std::chrono::steady_clock::now();
    made.rows().slow_down(vectors.size() / kSmall);
    CHECK(std::chrono::steady_clock::now() - began < kSlowedMax);
    CHECK(made.rows().counts().pending == kBacklogRows + 20'000);
    REQUIRE(made.rows().resume_jobs(0));
    // Codes have to be learned before the first row is linked.
    made.rows().slow_down(16);
    CHECK(made.rows().counts().pending <= kBacklogRows + 20'000 - 16);
}
