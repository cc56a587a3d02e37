// SPDX-License-Identifier: Apache-2.0
#include <atomic>
#include <thread>

#include <doctest/doctest.h>

#include "userlib/collection/check.h"
#include "userlib/testing/collection/test_collection.h"

using namespace vexfs;

namespace {

constexpr uint32_t kDim = 8;
constexpr uint32_t kWriters = 3;
constexpr int kSteps = 120;
constexpr uint32_t kRowsOfPut = 20;

// Each row says in its first element which file it is of, and its tag says the same.
void change(Collection& rows, uint64_t seed) {
    Random random(seed);
    const uint64_t ino = 1030 + seed;
    for (int step = 0; step < kSteps; ++step) {
        if (random.chance(1, 8)) {
            CHECK(rows.drop(ino, static_cast<uint32_t>(random.below(300))).has_value());
            continue;
        }
        std::vector<float> vectors;
        for (uint32_t i = 0; i < kRowsOfPut * kDim; ++i)
            vectors.push_back(i % kDim == 0 ? static_cast<float>(ino)
                                            : static_cast<float>(random.normal()));
        const std::vector<RowMeta> metas(kRowsOfPut, {ino, 0, 0});
        const uint32_t total = rows.rows_of(ino);
        const uint32_t first =
            random.chance(2, 3) ? kAppend : static_cast<uint32_t>(random.below(total + 1));
        CHECK(
            rows.put({ino, first, false, 1, static_cast<uint32_t>(seed), metas, as_bytes(vectors)})
                .has_value());
    }
}

// No hit is of a class that may not be seen, none is there twice, and each is what it says.
void search(Collection& rows, uint64_t seed, const std::atomic<bool>& stop) {
    Random random(seed);
    do {
        std::vector<float> vector(kDim, 0.0F);
        vector[0] = 1030.0F + static_cast<float>(random.below(kWriters));
        RowQuery query;
        query.query = {index::Element::kF32, kDim, as_bytes(vector).data()};
        query.exact = random.chance(1, 2);
        query.k = 30;
        std::vector<bool> classes(kWriters, true);
        classes[random.below(kWriters)] = false;
        if (random.chance(1, 2))
            query.classes = &classes;
        std::vector<RowHit> hits;
        RowSearchReport report;
        CHECK(rows.search(query, hits, report).has_value());
        std::set<RowId> ids;
        for (const RowHit& hit : hits) {
            CHECK(ids.insert(hit.id).second);
            CHECK(hit.row.meta.tag == hit.id.ino);
            if (query.classes != nullptr)
                CHECK(classes[hit.id.ino - 1030]);
        }
    } while (!stop.load());
}

} // namespace

TEST_CASE("threads: rows are put, dropped, searched and linked at the same time") {
    TestCollection made(small_schema(kDim), uint64_t{128} << 20);
    // So that a graph is there from the start: without one rows stay pending, and a writer may drop
    // so many of them that none is made.
    const std::vector<float> some(1100 * kDim, 1.0F);
    const std::vector<RowMeta> metas(1100, {1030, 0, 0});
    REQUIRE(made.rows().put({1030, kAppend, false, 1, 0, metas, as_bytes(some)}));
    REQUIRE(made.rows().wait_linked({}));
    std::atomic<bool> stop{false};
    std::vector<std::thread> writers;
    std::vector<std::thread> others;
    for (uint64_t seed = 0; seed < kWriters; ++seed)
        writers.emplace_back([&, seed] { change(made.rows(), seed); });
    for (uint64_t seed = 10; seed < 12; ++seed)
        others.emplace_back([&, seed] { search(made.rows(), seed, stop); });
    others.emplace_back([&] {
        do {
            CHECK(made.rows().wait_linked({}).has_value());
            CHECK(made.store().commit().has_value());
            CHECK(made.rows().counts().memory_bytes > 0);
        } while (!stop.load());
    });
    for (std::thread& writer : writers)
        writer.join();
    stop.store(true);
    for (std::thread& other : others)
        other.join();
    REQUIRE(made.rows().wait_linked({}));
    CHECK(made.rows().counts().pending == 0);
    CHECK(check_collections(made.store()).clean());
    std::vector<uint32_t> totals;
    for (uint64_t ino = 1030; ino < 1030 + kWriters; ++ino)
        totals.push_back(made.rows().rows_of(ino));
    made.reopen();
    for (uint64_t ino = 1030; ino < 1030 + kWriters; ++ino)
        CHECK(made.rows().rows_of(ino) == totals[ino - 1030]);
}

TEST_CASE("threads: a search and a wait end when they are told to") {
    TestCollection made(small_schema(kDim));
    const std::vector<float> some(900 * kDim, 1.0F);
    REQUIRE(made.rows().put({1030, kAppend, false, 1, 0, {}, as_bytes(some)}));
    RowQuery query = made.query(std::vector<float>(kDim, 1.0F));
    const uint8_t cancel = 1;
    query.stop.cancel = &cancel;
    std::vector<RowHit> hits;
    RowSearchReport report;
    CHECK(made.rows().search(query, hits, report).error().code == Code::kECANCELED);
    query.stop = {nullptr, 1};
    CHECK(made.rows().search(query, hits, report).error().code == Code::kETIMEDOUT);
}
