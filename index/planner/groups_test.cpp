// SPDX-License-Identifier: Apache-2.0
#include "index/planner/groups.h"

#include <doctest/doctest.h>
#include <map>
#include <set>

#include "index/planner/index.h"
#include "index/planner/test_rows.h"

using namespace vexfs;
using namespace vexfs::index;

namespace {

constexpr uint32_t kRows = 6000;
constexpr uint64_t kNoGroup = UINT64_MAX;

// Groups as a list of the group of each row.
class Listed : public RowGroups {
  public:
    explicit Listed(std::vector<uint64_t> groups) : groups_(std::move(groups)) {}

    Result<std::optional<uint64_t>> group_of(uint32_t slot) override {
        CHECK(asked.insert(slot).second);
        if (asked.size() > fail_after)
            return fail(Code::kEIO, "test: a row's group");
        const uint64_t group = groups_[slot];
        return group == kNoGroup ? std::nullopt : std::optional(group);
    }
    void rows_of(uint64_t group, std::vector<uint32_t>& slots) override {
        for (uint32_t slot = 0; slot < groups_.size(); ++slot)
            if (groups_[slot] == group)
                slots.push_back(slot);
    }
    [[nodiscard]] uint64_t at(uint32_t slot) const { return groups_[slot]; }

    std::set<uint32_t> asked;
    size_t fail_after = SIZE_MAX;

  private:
    const std::vector<uint64_t> groups_;
};

struct Fixture {
    const TestRows rows{kRows, 17};
    SearchScratch scratch;
    std::unique_ptr<Index> index = make_index();
    std::vector<Neighbor> found;
    SearchReport last;

    std::unique_ptr<Index> make_index() {
        const TrainingTable sample{Element::kF32, Metric::kL2,  kTestDim,
                                   rows.data(),   kTestDim * 4, 2000};
        Result<std::unique_ptr<Index>> made = Index::create(sample, {});
        REQUIRE(made);
        for (uint32_t slot = 0; slot < kRows; ++slot)
            REQUIRE((*made)->put(slot, rows.row(slot), scratch));
        return std::move(*made);
    }

    // By definition: the nearest row of each of the k nearest groups.
    [[nodiscard]] std::vector<Neighbor> truth(uint32_t query, uint32_t k, const Listed& groups,
                                              const Bitmap* allowed = nullptr) const {
        std::vector<Neighbor> nearest;
        std::set<uint64_t> met;
        for (const Neighbor& row : rows.nearest(query, kRows, allowed)) {
            const uint64_t group = groups.at(row.slot);
            if (nearest.size() < k && group != kNoGroup && met.insert(group).second)
                nearest.push_back(row);
        }
        return nearest;
    }

    // The share of the true ones that were found; as many as there are, each of its own group.
    double search(const SearchRequest& request, Listed& groups,
                  const std::vector<Neighbor>& wanted) {
        groups.asked.clear();
        const Result<SearchReport> report =
            search_groups(index->target(), request, groups, {2 * request.k}, scratch, found);
        REQUIRE(report);
        last = *report;
        CHECK(report->found == found.size());
        CHECK_FALSE(report->cut_short);
        REQUIRE(found.size() == wanted.size());
        CHECK(std::is_sorted(found.begin(), found.end()));
        std::set<uint64_t> met;
        size_t hits = 0;
        for (const Neighbor& row : found) {
            CHECK(met.insert(groups.at(row.slot)).second);
            for (const Neighbor& other : wanted)
                hits += other.slot == row.slot ? 1 : 0;
        }
        if (report->exact)
            CHECK(hits == wanted.size());
        return wanted.empty() ? 1 : static_cast<double>(hits) / static_cast<double>(wanted.size());
    }

    // As the rows lie around a query: `size` neighbouring ranks are a group.
    [[nodiscard]] std::vector<uint64_t> crowds(uint32_t query, uint32_t size) const {
        std::vector<uint64_t> groups(kRows);
        uint32_t rank = 0;
        for (const Neighbor& row : rows.nearest(query, kRows, nullptr))
            groups[row.slot] = rank++ / size;
        return groups;
    }
};

std::vector<uint64_t> scattered(uint32_t size) {
    std::vector<uint64_t> groups(kRows);
    for (uint32_t slot = 0; slot < kRows; ++slot)
        groups[slot] = (slot * 2654435761U >> 8) % (kRows / size);
    return groups;
}

} // namespace

TEST_CASE_FIXTURE(Fixture, "groups: by every plan, the nearest row of the nearest groups") {
    for (const Plan plan : {Plan::kWalk, Plan::kCodeScan, Plan::kExact}) {
        Listed groups(scattered(5));
        double sum = 0;
        for (uint32_t q = 0; q < TestRows::kQueries; ++q) {
            SearchRequest request{rows.query(q)};
            request.exact = plan == Plan::kExact;
            request.ef = plan == Plan::kWalk ? 20 : 2000;
            sum += search(request, groups, truth(q, request.k, groups));
            CHECK(last.plan == plan);
        }
        CAPTURE(static_cast<int>(plan));
        CHECK(sum / TestRows::kQueries >= (plan == Plan::kExact ? 1.0 : 0.95));
    }
}

TEST_CASE_FIXTURE(Fixture, "groups: whose rows crowd around the query do not hide others") {
    for (const uint32_t size : {20U, 150U, 2900U}) {
        Listed groups(crowds(0, size));
        SearchRequest request{rows.query(0)};
        request.ef = 20;
        CAPTURE(size);
        const std::vector<Neighbor> wanted = truth(0, request.k, groups);
        CHECK(search(request, groups, wanted) >= 0.6); // of ten at most, behind thousands of rows
        // Not every row was looked at to find them.
        CHECK(groups.asked.size() < kRows / 4);
        request.exact = true;
        CHECK(search(request, groups, wanted) == 1);
    }
}

TEST_CASE_FIXTURE(Fixture, "groups: rows of none are passed over, and a filter holds") {
    std::vector<uint64_t> list = scattered(4);
    Bitmap allowed(kRows);
    for (uint32_t slot = 0; slot < kRows; ++slot) {
        if (slot % 3 != 0)
            list[slot] = kNoGroup;
        if (slot % 5 != 0)
            allowed.add(slot);
    }
    Listed groups(list);
    const BitmapView view = allowed.view();
    double sum = 0;
    for (uint32_t q = 0; q < TestRows::kQueries; ++q) {
        SearchRequest request{rows.query(q)};
        request.ef = 20;
        request.allowed = &view;
        sum += search(request, groups, truth(q, request.k, groups, &allowed));
    }
    CHECK(sum / TestRows::kQueries >= 0.95);
}

TEST_CASE_FIXTURE(Fixture, "groups: fewer than k are all that there are") {
    Listed groups(scattered(kRows / 4));
    SearchRequest request{rows.query(3)};
    CHECK(search(request, groups, truth(3, request.k, groups)) == 1);
    CHECK(found.size() == 4);
    Listed none(std::vector<uint64_t>(kRows, kNoGroup));
    search(request, none, {});
}

TEST_CASE_FIXTURE(Fixture, "groups: a radius is kept to, and errors are passed on") {
    Listed groups(scattered(5));
    SearchRequest request{rows.query(1)};
    request.exact = true;
    const std::vector<Neighbor> wanted = truth(1, 4, groups);
    request.radius = wanted.back().distance * 1.00001F;
    CHECK(search(request, groups, wanted) == 1);
    CHECK(last.beyond_radius);
    // All groups lie within it, though each has rows that are not asked for.
    Listed few(scattered(kRows / 4));
    request.radius = 1e9F;
    CHECK(search(request, few, truth(1, 10, few)) == 1);
    CHECK(found.size() == 4);
    CHECK_FALSE(last.beyond_radius);

    groups.asked.clear();
    groups.fail_after = 3;
    request.radius = std::numeric_limits<float>::infinity();
    const Result<SearchReport> failed =
        search_groups(index->target(), request, groups, {20}, scratch, found);
    REQUIRE_FALSE(failed);
    CHECK(failed.error().code == Code::kEIO);
    request.k = 0;
    CHECK_FALSE(search_groups(index->target(), request, groups, {20}, scratch, found));
}

TEST_CASE_FIXTURE(Fixture, "groups: a search that would look at too many rows is cut short") {
    Listed groups(crowds(0, 2900));
    SearchRequest request{rows.query(0)};
    request.ef = 20;
    for (const uint64_t most : {uint64_t{30}, uint64_t{1} << 20}) {
        groups.asked.clear();
        const Result<SearchReport> report =
            search_groups(index->target(), request, groups, {20, most}, scratch, found);
        REQUIRE(report);
        CHECK(report->cut_short == (most == 30));
        CHECK(found.size() == (most == 30 ? 1 : 3));
        if (most == 30)
            CHECK(groups.asked.size() <= most);
    }
}
