// SPDX-License-Identifier: Apache-2.0
#include "bench/ann/tune.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstring>

namespace vexfs {
namespace {

constexpr uint32_t kRows = 100;
constexpr uint32_t kDepth = 10;

Matrix numbers(size_t rows) {
    Matrix matrix{index::Element::kF32, 1, rows, {}};
    matrix.bytes.resize(rows * sizeof(float));
    for (size_t row = 0; row < rows; ++row) {
        const auto value = static_cast<float>(row);
        std::memcpy(matrix.bytes.data() + row * sizeof value, &value, sizeof value);
    }
    return matrix;
}

// Its effort is an index of this table: how many of ten it finds.
constexpr uint32_t kFound[] = {3, 5, 5, 6, 9, 10, 4, 10};

class Scripted final : public Contender {
  public:
    explicit Scripted(std::vector<std::vector<uint32_t>> ladders) : ladders_(std::move(ladders)) {}

    [[nodiscard]] std::string name() const override { return "scripted"; }
    [[nodiscard]] std::string description() const override { return name(); }
    Status build(const Matrix&) override { return ok(); }
    [[nodiscard]] std::vector<std::vector<uint32_t>> own_efforts() const override {
        return ladders_;
    }
    [[nodiscard]] std::string words_of(uint32_t effort) const override {
        return "step " + std::to_string(effort);
    }
    Status load_queries(const Matrix&) override { return ok(); }
    Status restrict_to(const index::BitmapView*) override { return ok(); }
    Status search(size_t query, uint32_t, uint32_t effort,
                  std::vector<index::Neighbor>& out) override {
        asked_.push_back(effort);
        out.clear();
        for (uint32_t i = 0; i < kFound[effort]; ++i)
            out.push_back({static_cast<uint32_t>(query) + i, static_cast<float>(i)});
        return ok();
    }
    Status replace(std::span<const uint32_t>, const Matrix&, std::span<const uint32_t>) override {
        return ok();
    }
    [[nodiscard]] Footprint footprint() const override { return {}; }
    Result<uint64_t> file_bytes() override { return uint64_t{0}; }
    [[nodiscard]] bool asked(uint32_t effort) const {
        return std::find(asked_.begin(), asked_.end(), effort) != asked_.end();
    }

  private:
    const std::vector<std::vector<uint32_t>> ladders_;
    std::vector<uint32_t> asked_;
};

Tried tried(uint32_t effort, double recall, uint64_t ns) {
    return {{effort, recall, {}, {}, {}, {}}, ns};
}

TEST_CASE("tune: of what was tried that stays which nothing beats in recall and time") {
    const std::vector<Point> points =
        frontier({tried(1, 0.5, 10), tried(2, 0.7, 40), tried(3, 0.6, 50), tried(4, 0.9, 40),
                  tried(5, 0.95, 80), tried(6, 0.99, 100), tried(7, 1.0, 200)},
                 0.99);
    std::vector<uint32_t> efforts;
    for (const Point& point : points)
        efforts.push_back(point.effort);
    // At the same time 4 finds more than 2, and 6 is enough.
    CHECK(efforts.front() == 1);
    CHECK(efforts.back() == 6);
    CHECK(std::find(efforts.begin(), efforts.end(), 3U) == efforts.end());
    CHECK(std::find(efforts.begin(), efforts.end(), 4U) != efforts.end());
    CHECK(frontier({}, 0.99).empty());
}

TEST_CASE("tune: ladders are climbed while they gain, to one beyond the first that is enough") {
    const Matrix base = numbers(kRows);
    const Matrix queries = numbers(40);
    const ExactDistance distance(index::Metric::kL2, base, queries);
    // The rows from the query's own on are what shall be found.
    Truth truth{kDepth, {}};
    SweepPlan plan;
    plan.rounds = 2;
    for (uint32_t query = 0; query < queries.rows; ++query) {
        plan.queries.push_back(query);
        for (uint32_t i = 0; i < kDepth; ++i)
            truth.rows.push_back(query + i);
    }
    const Judge judge(distance, truth, nullptr);
    // Step 2 adds nothing to 1 and ends its ladder; the second ladder reaches the recall, the third
    // is one beyond, and the last is not climbed.
    Scripted scripted({{0, 1, 2, 7}, {3, 4, 5}, {6, 2}, {7}});
    Contender* const contenders[] = {&scripted};
    const auto series = sweep(contenders, judge, plan);
    REQUIRE(series.has_value());
    REQUIRE_FALSE(series->at(0).empty());
    double before = 0;
    for (const Point& point : series->at(0)) {
        CHECK(point.words == "step " + std::to_string(point.effort));
        CHECK(point.recall == doctest::Approx(kFound[point.effort] / 10.0));
        CHECK(point.recall > before);
        CHECK(point.round_qps.size() == 2);
        before = point.recall;
    }
    CHECK(before == 1.0);
    for (const uint32_t effort : {0U, 1U, 2U, 3U, 4U, 5U, 6U})
        CHECK(scripted.asked(effort));
    CHECK_FALSE(scripted.asked(7));
}

} // namespace
} // namespace vexfs
