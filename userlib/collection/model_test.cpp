// SPDX-License-Identifier: Apache-2.0
//
// Random verbs beside brute force over a map: rows, exact answers and counts have to agree, also
// after a crash or a clean end, with rows that are linked and rows that are not.
#include <algorithm>
#include <map>

#include <doctest/doctest.h>

#include "index/kernels/distance.h"
#include "userlib/collection/check.h"
#include "userlib/testing/collection/test_collection.h"

using namespace vexfs;

namespace {

constexpr uint32_t kDim = 4;

class TagOdd final : public RowPredicate {
  public:
    Result<bool> passes(const RowId&, const StoredRow& row) override {
        return row.meta.tag % 2 == 1;
    }
};

class Model {
  public:
    explicit Model(uint64_t seed) : random_(seed), made_(small_schema(kDim)) {}

    void step() {
        const uint64_t ino = 1030 + random_.below(12);
        File& file = files_[ino];
        switch (random_.below(12)) {
        case 0:
            CHECK(made_.rows().drop(ino, static_cast<uint32_t>(random_.below(400))).has_value());
            return take(ino);
        case 1:
            file.access_class = static_cast<uint32_t>(random_.below(5));
            REQUIRE(made_.rows().set_class(ino, file.access_class));
            return;
        case 2:
            return restart();
        case 3:
        case 4:
        case 5:
            return put(ino, file);
        default:
            return search();
        }
    }

    void compare() {
        for (const auto& [ino, file] : files_) {
            std::vector<StoredRow> meta;
            Page vectors;
            REQUIRE(made_.rows().get(ino, 0, UINT32_MAX, &meta, &vectors));
            REQUIRE(meta.size() == file.rows.size());
            const std::vector<float> floats = floats_of(vectors);
            for (size_t row = 0; row < meta.size(); ++row) {
                CHECK(meta[row].meta.tag == file.rows[row].tag);
                CHECK(std::equal(file.rows[row].vector.begin(), file.rows[row].vector.end(),
                                 floats.begin() + static_cast<ptrdiff_t>(row * kDim)));
            }
        }
        CHECK(check_collections(made_.store()).clean());
    }

  private:
    struct Row {
        std::vector<float> vector;
        uint64_t tag = 0;
    };
    struct File {
        std::vector<Row> rows;
        uint32_t access_class = 0;
    };

    std::vector<float> vector() {
        std::vector<float> vector;
        for (uint32_t i = 0; i < kDim; ++i) // few numbers, so that many rows are equal
            vector.push_back(static_cast<float>(random_.below(6)));
        return vector;
    }

    // The model's drop, by what is left.
    void take(uint64_t ino) { files_[ino].rows.resize(made_.rows().rows_of(ino)); }

    void put(uint64_t ino, File& file) {
        const size_t count = 1 + random_.below(random_.chance(1, 3) ? 300 : 5);
        const bool append = random_.chance(1, 2);
        const bool truncate = random_.chance(1, 5);
        const size_t first = append ? file.rows.size() : random_.below(file.rows.size() + 1);
        std::vector<float> vectors;
        std::vector<RowMeta> metas;
        file.rows.resize(truncate ? first + count : std::max(file.rows.size(), first + count));
        for (size_t i = 0; i < count; ++i) {
            Row& row = file.rows[first + i];
            row = {vector(), random_.below(1000)};
            vectors.insert(vectors.end(), row.vector.begin(), row.vector.end());
            metas.push_back({row.tag, 0, 0});
        }
        const uint32_t asked = append ? kAppend : static_cast<uint32_t>(first);
        const auto done = made_.rows().put(
            {ino, asked, truncate, 1, file.access_class, metas, as_bytes(vectors)});
        REQUIRE(done.has_value());
        CHECK(done->first == first);
        CHECK(done->total == file.rows.size());
    }

    // Classes are not on the disk; in these tests each file is in class 0 when it is opened.
    void restart() {
        if (random_.chance(1, 2)) {
            REQUIRE(made_.store().sync());
            made_.crash();
        } else {
            made_.reopen();
        }
        for (auto& [ino, file] : files_)
            file.access_class = 0;
        compare();
    }

    void search() {
        const std::vector<float> asked = vector();
        RowQuery query = made_.query(asked);
        query.k = static_cast<uint32_t>(1 + random_.below(40));
        query.exact = true;
        query.per_file = random_.chance(1, 3);
        if (random_.chance(1, 4))
            query.radius = static_cast<float>(random_.below(20));
        std::vector<bool> classes;
        for (uint64_t i = 0; i < 5; ++i)
            classes.push_back(random_.chance(2, 3));
        if (random_.chance(1, 2))
            query.classes = &classes;
        TagOdd odd;
        if (random_.chance(1, 3))
            query.predicate = &odd;
        std::vector<RowHit> hits;
        RowSearchReport report;
        REQUIRE(made_.rows().search(query, hits, report));
        CHECK(report.exact);
        const std::vector<std::pair<float, RowId>> expected = brute_force(query);
        REQUIRE(hits.size() == expected.size());
        for (size_t i = 0; i < hits.size(); ++i) {
            CHECK(hits[i].id == expected[i].second);
            CHECK(hits[i].distance == expected[i].first);
        }
        CHECK((report.short_why == 0) == (hits.size() == query.k));
        query.exact = false;
        REQUIRE(made_.rows().search(query, hits, report));
        CHECK(hits.size() == expected.size());
    }

    std::vector<std::pair<float, RowId>> brute_force(const RowQuery& query) {
        const index::Distance distance =
            index::Distance::make(index::Element::kF32, index::Metric::kL2, kDim).value();
        std::vector<std::pair<float, RowId>> all;
        for (const auto& [ino, file] : files_) {
            if (query.classes != nullptr && !(*query.classes)[file.access_class])
                continue;
            std::vector<std::pair<float, RowId>> its;
            for (uint32_t row = 0; row < file.rows.size(); ++row) {
                const float far =
                    distance.between(query.query.data, as_bytes(file.rows[row].vector).data());
                if (far <= query.radius && (query.predicate == nullptr || file.rows[row].tag % 2))
                    its.push_back({far, {ino, row}});
            }
            std::ranges::sort(its);
            if (query.per_file && !its.empty())
                its.resize(1);
            all.insert(all.end(), its.begin(), its.end());
        }
        std::ranges::sort(all);
        if (all.size() > query.k)
            all.resize(query.k);
        return all;
    }

    Random random_;
    TestCollection made_;
    std::map<uint64_t, File> files_;
};

} // namespace

TEST_CASE("model: random verbs agree with brute force, through crashes") {
    for (uint64_t seed = 1; seed <= 6; ++seed) {
        CAPTURE(seed);
        Model model(seed);
        for (int step = 0; step < 250; ++step) {
            CAPTURE(step);
            model.step();
        }
        model.compare();
    }
}
