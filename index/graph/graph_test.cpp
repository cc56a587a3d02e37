// SPDX-License-Identifier: Apache-2.0
#include "index/graph/graph.h"

#include <array>
#include <thread>

#include <doctest/doctest.h>

#include "index/graph/links.h"
#include "index/graph/search_session.h"
#include "index/graph/test_rows.h"

using namespace vexfs;
using namespace vexfs::index;

namespace {

std::unique_ptr<Graph> build(const TestRows& rows, const GraphConfig& config) {
    std::unique_ptr<Graph> graph = Graph::create(config).value();
    Scratch scratch;
    for (uint32_t slot = 0; slot < rows.size(); ++slot)
        REQUIRE(graph->insert(slot, rows.record(slot), scratch).has_value());
    return graph;
}

template <typename Keep>
double mean_recall(const Graph& graph, TestRows& rows, SearchParams params, Keep keep) {
    Scratch scratch;
    double sum = 0;
    constexpr int kQueries = 50;
    std::vector<Neighbor> out(params.k);
    for (int i = 0; i < kQueries; ++i) {
        const TestQuery wanted(rows, rows.draw());
        const SearchOutcome outcome = graph.search(wanted.query, params, scratch, out).value();
        for (uint32_t j = 0; j < outcome.found; ++j)
            REQUIRE(keep(out[j].slot));
        sum += recall_of(nearest_by_scan(rows, wanted.values, params.k, keep),
                         {out.data(), outcome.found});
    }
    return sum / kQueries;
}

bool any_row(uint32_t) {
    return true;
}

} // namespace

TEST_CASE("graph: an empty graph answers nothing and says that this is all") {
    TestRows rows(1, 1);
    const auto graph = Graph::create(TestRows::config()).value();
    Scratch scratch;
    std::array<Neighbor, 10> out;
    const TestQuery wanted(rows, rows.draw());
    const SearchOutcome outcome = graph->search(wanted.query, {}, scratch, out).value();
    CHECK(outcome.found == 0);
    CHECK(outcome.exhausted);
}

TEST_CASE("graph: a code that was placed is there, its row only when it is inserted") {
    TestRows rows(2, 1);
    const auto graph = Graph::create(TestRows::config()).value();
    Scratch scratch;
    REQUIRE(graph->insert(0, rows.record(0), scratch));
    REQUIRE(graph->place_code(1, rows.record(1)));
    CHECK(std::memcmp(graph->code(1), rows.record(1), sizeof(TestRows::Record)) == 0);
    CHECK_FALSE(graph->is_linked(1));
    CHECK(graph->live_rows() == 1);
    CHECK(graph->remove(1).error().code == Code::kENOENT);
    REQUIRE(graph->place_code(1, rows.record(1)));
    REQUIRE(graph->insert(1, rows.record(1), scratch));
    CHECK(graph->is_linked(1));
    CHECK(graph->place_code(kMaxSlots, rows.record(1)).error().code == Code::kEFBIG);
}

TEST_CASE("graph: it finds what a scan finds, with every instruction set alike") {
    TestRows rows(affordable(1500), 2);
    std::vector<std::vector<uint32_t>> links;
    for (Isa isa : kAllIsas) {
        if (!is_supported(isa))
            continue;
        CAPTURE(name_of(isa));
        const auto graph = build(rows, TestRows::config(isa));
        TestRows same(rows.size(), 2);
        CHECK(mean_recall(*graph, same, {}, any_row) > 0.98);
        links.emplace_back();
        for (uint32_t slot = 0; slot < rows.size(); ++slot) {
            uint32_t row[kLinks];
            const uint32_t count = load_links(graph->core().row(slot), kLinks, row);
            links.back().insert(links.back().end(), row, row + count);
        }
        CHECK(links.back() == links.front());
    }
}

TEST_CASE("graph: k larger than ef, and larger than the graph, returns what there is") {
    TestRows rows(300, 3);
    const auto graph = build(rows, TestRows::config());
    Scratch scratch;
    std::vector<Neighbor> out(1000);
    const TestQuery wanted(rows, rows.draw());
    SearchParams params;
    params.k = 200;
    params.ef = 10;
    CHECK(graph->search(wanted.query, params, scratch, out)->found == 200);
    params.k = 1000;
    const SearchOutcome all = graph->search(wanted.query, params, scratch, out).value();
    CHECK(all.found == 300);
    CHECK(all.exhausted);
    CHECK(std::is_sorted(out.begin(), out.begin() + 300));
}

TEST_CASE("graph: a slot is inserted once, and a row that is not there cannot be removed") {
    TestRows rows(2, 4);
    const auto graph = build(rows, TestRows::config());
    Scratch scratch;
    CHECK(graph->insert(1, rows.record(1), scratch).error().code == Code::kEEXIST);
    CHECK(graph->insert(kMaxSlots, rows.record(1), scratch).error().code == Code::kEFBIG);
    CHECK(graph->remove(7).error().code == Code::kENOENT);
    CHECK(graph->remove(UINT32_MAX).error().code == Code::kENOENT);
    CHECK(graph->remove(1).has_value());
    CHECK(graph->remove(1).error().code == Code::kENOENT);
}

TEST_CASE("graph: rows inserted in haste are found, and as well as others once improved") {
    const uint32_t count = affordable(4000);
    const uint32_t hasty = count / 5;
    TestRows rows(count, 13);
    GraphConfig config = TestRows::config();
    config.ef_construction = 200;
    const auto graph = Graph::create(config).value();
    Scratch scratch;
    for (uint32_t slot = 0; slot < count; ++slot) {
        const Status inserted = slot < count - hasty
                                    ? graph->insert(slot, rows.record(slot), scratch)
                                    : graph->insert_hastily(slot, rows.record(slot), scratch);
        REQUIRE(inserted);
    }
    const auto links_of = [&](uint32_t slot) {
        uint32_t links[kLinks];
        return load_links(graph->core().row(slot), kLinks, links);
    };
    // How often a search for a row itself finds it.
    const auto share_found = [&](const Graph& of) {
        uint32_t found = 0;
        std::array<Neighbor, 1> out;
        SearchParams params;
        params.k = 1;
        params.ef = 10;
        for (uint32_t slot = count - hasty; slot < count; ++slot) {
            const TestQuery wanted(rows, rows.row(slot));
            found +=
                of.search(wanted.query, params, scratch, out)->found == 1 && out[0].distance == 0;
        }
        return static_cast<double>(found) / hasty;
    };
    CHECK(graph->live_rows() == count);
    uint64_t links_before = 0;
    for (uint32_t slot = count - hasty; slot < count; ++slot)
        links_before += links_of(slot);
    const double found_before = share_found(*graph);
    CHECK(found_before > 0.95);
    TestRows same(count, 13);
    CHECK(mean_recall(*graph, same, {}, any_row) > 0.95);

    uint64_t links_after = 0;
    for (uint32_t slot = count - hasty; slot < count; ++slot)
        REQUIRE(graph->improve(slot, scratch));
    for (uint32_t slot = count - hasty; slot < count; ++slot)
        links_after += links_of(slot);
    CHECK(links_after > links_before);
    const auto normal = build(rows, config);
    MESSAGE("found ", found_before, ", then ", share_found(*graph), " of ", share_found(*normal));
    CHECK(share_found(*graph) >= share_found(*normal) - 0.005);
    TestRows again(count, 13);
    TestRows once_more(count, 13);
    CHECK(mean_recall(*graph, again, {}, any_row) >=
          mean_recall(*normal, once_more, {}, any_row) - 0.005);
}

TEST_CASE("graph: an equal row is found through the first, in haste too, and needs no neighbours") {
    TestRows rows(500, 14);
    const TestRows::Values copy = rows.row(17);
    rows.append(copy);
    rows.append(copy);
    const auto graph = Graph::create(TestRows::config()).value();
    Scratch scratch;
    for (uint32_t slot = 0; slot < 500; ++slot)
        REQUIRE(graph->insert(slot, rows.record(slot), scratch));
    for (const uint32_t slot : {500U, 501U}) {
        REQUIRE(graph->insert_hastily(slot, rows.record(slot), scratch));
        CHECK((graph->core().state(slot) & kRowDuplicate) != 0);
        std::array<uint32_t, kLinks> never;
        std::copy_n(graph->core().row(slot), kLinks, never.begin());
        REQUIRE(graph->improve(slot, scratch));
        CHECK((graph->core().state(slot) & kRowDuplicate) != 0);
        CHECK(std::equal(never.begin(), never.end(), graph->core().row(slot)));
    }
    CHECK(graph->insert_hastily(501, rows.record(501), scratch).error().code == Code::kEEXIST);
    // Neither does one that is removed, or never was.
    uint32_t before[kLinks];
    uint32_t after[kLinks];
    const uint32_t count = load_links(graph->core().row(3), kLinks, before);
    REQUIRE(graph->remove(3));
    REQUIRE(graph->improve(3, scratch));
    REQUIRE(graph->improve(777, scratch));
    CHECK(load_links(graph->core().row(3), kLinks, after) == count);
    CHECK(std::equal(before, before + count, after));
    std::array<Neighbor, 3> out;
    SearchParams params;
    params.k = 3;
    const TestQuery wanted(rows, copy);
    REQUIRE(graph->search(wanted.query, params, scratch, out)->found == 3);
    CHECK(out[2].distance == 0);
}

TEST_CASE("graph: a removed row is in no answer, and what was behind it is") {
    TestRows rows(2000, 5);
    const auto graph = build(rows, TestRows::config());
    for (uint32_t slot = 0; slot < 2000; ++slot) {
        if (slot % 3 != 0)
            REQUIRE(graph->remove(slot).has_value());
    }
    CHECK(graph->live_rows() == 667);
    CHECK(mean_recall(*graph, rows, {}, [](uint32_t slot) { return slot % 3 == 0; }) > 0.95);
}

TEST_CASE("graph: when all but a few far rows are removed, the few are still found") {
    TestRows rows(1500, 6);
    const auto graph = build(rows, TestRows::config());
    for (uint32_t slot = 5; slot < 1500; ++slot)
        REQUIRE(graph->remove(slot).has_value());
    Scratch scratch;
    std::array<Neighbor, 10> out;
    for (int i = 0; i < 20; ++i) {
        const TestQuery wanted(rows, rows.draw());
        CHECK(graph->search(wanted.query, {}, scratch, out)->found == 5);
    }
}

TEST_CASE("graph: a thousand equal rows neither hide each other nor anybody else") {
    TestRows rows(2000, 7);
    const TestRows::Values copy = rows.draw();
    for (int i = 0; i < 1000; ++i)
        rows.append(copy);
    const auto graph = build(rows, TestRows::config());
    CHECK(mean_recall(*graph, rows, {}, any_row) > 0.98);
    Scratch scratch;
    std::vector<Neighbor> out(1000);
    const TestQuery wanted(rows, copy);
    SearchParams params;
    params.k = 1000;
    CHECK(graph->search(wanted.query, params, scratch, out)->found == 1000);
    CHECK(std::all_of(out.begin(), out.end(), [](const Neighbor& n) { return n.distance == 0; }));
    // A filter that allows a copy but not the row through which it is found.
    Bitmap allowed(rows.size());
    allowed.add(2777);
    const BitmapView view = allowed.view();
    params.k = 1;
    params.allowed = &view;
    REQUIRE(graph->search(wanted.query, params, scratch, out)->found == 1);
    CHECK(out[0].slot == 2777);
}

TEST_CASE("graph: a filtered walk answers allowed rows only, near to what a scan of them finds") {
    TestRows rows(affordable(4000), 8);
    const auto graph = build(rows, TestRows::config());
    for (uint32_t one_in : {2u, 5u}) {
        Bitmap allowed(rows.size());
        for (uint32_t slot = 0; slot < rows.size(); slot += one_in)
            allowed.add(slot);
        const BitmapView view = allowed.view();
        for (FilterWalk mode : {FilterWalk::kNavigate, FilterWalk::kTwoHop}) {
            SearchParams params;
            params.allowed = &view;
            params.filter_walk = mode;
            CHECK(mean_recall(*graph, rows, params,
                              [&](uint32_t slot) { return slot % one_in == 0; }) > 0.95);
        }
    }
}

TEST_CASE("graph: a search in a radius returns all within it and none beyond") {
    TestRows rows(affordable(3000), 9);
    const auto graph = build(rows, TestRows::config());
    Scratch scratch;
    std::vector<Neighbor> out(rows.size());
    size_t expected = 0, found = 0;
    for (int i = 0; i < 30; ++i) {
        const TestQuery wanted(rows, rows.draw());
        const float radius = 20'000;
        const SearchOutcome outcome =
            graph->search_radius(wanted.query, radius, {}, scratch, out).value();
        for (uint32_t j = 0; j < outcome.found; ++j)
            REQUIRE(out[j].distance <= radius);
        for (uint32_t slot = 0; slot < rows.size(); ++slot)
            expected += TestRows::distance(wanted.values, rows.row(slot)) <= radius;
        found += outcome.found;
    }
    CHECK(expected > 100);
    CHECK(static_cast<double>(found) > 0.98 * static_cast<double>(expected));
    CHECK(found <= expected);
}

TEST_CASE("graph: budget, cancellation and deadline end a walk early and say so") {
    TestRows rows(3000, 10);
    const auto graph = build(rows, TestRows::config());
    Scratch scratch;
    std::array<Neighbor, 10> out;
    const TestQuery wanted(rows, rows.draw());
    SearchParams params;
    params.ef = 500;
    params.distance_budget = 200;
    const SearchOutcome spent = graph->search(wanted.query, params, scratch, out).value();
    CHECK(spent.end == WalkEnd::kBudget);
    CHECK(spent.cost.distances < 200 + kMaxFresh);
    params.distance_budget = UINT64_MAX;
    params.deadline_ns = 1;
    CHECK(graph->search(wanted.query, params, scratch, out)->end == WalkEnd::kDeadline);
    params.deadline_ns = 0;
    const uint8_t stop = 1;
    params.cancel = &stop;
    CHECK(graph->search(wanted.query, params, scratch, out)->end == WalkEnd::kCancelled);
    params.cancel = nullptr;
    const SearchOutcome full = graph->search(wanted.query, params, scratch, out).value();
    CHECK(full.end == WalkEnd::kDone);
    CHECK(full.cost.hops >= 500);
    CHECK(full.cost.distances > full.cost.hops);
    CHECK(full.cost.reranked == 20);
}

TEST_CASE("graph: a walk that is resumed ends as one that was never interrupted") {
    TestRows rows(affordable(1500), 12);
    for (Isa isa : kAllIsas) {
        if (!is_supported(isa))
            continue;
        CAPTURE(name_of(isa));
        const auto graph = build(rows, TestRows::config(isa));
        const TestQuery wanted(rows, rows.draw());
        Scratch scratch;
        SearchParams params;
        const auto pool_of = [&](uint64_t budget) {
            params.distance_budget = budget;
            SearchSession session(graph->core(), wanted.query, params, scratch);
            REQUIRE(session.begin().value());
            REQUIRE(session.walk(40, 40).has_value());
            CHECK((session.end() == WalkEnd::kBudget) == (budget != UINT64_MAX));
            if (session.end() == WalkEnd::kBudget)
                session.resume();
            CHECK(session.end() == WalkEnd::kDone);
            const uint32_t count = session.collect(40).value();
            const uint32_t* slots = scratch.answer_slots.data();
            return std::vector<uint32_t>(slots, slots + count);
        };
        const std::vector<uint32_t> whole = pool_of(UINT64_MAX);
        CHECK(whole.size() == 40);
        for (const uint64_t budget : {1, 60, 120, 200})
            CHECK(pool_of(budget) == whole);
    }
}

TEST_CASE("graph: rows inserted by several threads are all found, also by searches meanwhile") {
    TestRows rows(affordable(6000), 11);
    const auto graph = Graph::create(TestRows::config()).value();
    std::atomic<uint32_t> next = 0;
    std::atomic<bool> failed = false;
    std::vector<std::thread> threads;
    for (int t = 0; t < 3; ++t) {
        threads.emplace_back([&] {
            Scratch scratch;
            for (uint32_t slot = next++; slot < rows.size(); slot = next++) {
                if (!graph->insert(slot, rows.record(slot), scratch))
                    failed = true;
            }
        });
    }
    threads.emplace_back([&] {
        Scratch scratch;
        std::array<Neighbor, 10> out;
        while (next.load() < rows.size()) {
            const TestQuery wanted(rows, rows.row(17));
            if (!graph->search(wanted.query, {}, scratch, out))
                failed = true;
        }
    });
    for (std::thread& thread : threads)
        thread.join();
    CHECK(!failed);
    CHECK(graph->live_rows() == rows.size());
    CHECK(mean_recall(*graph, rows, {}, any_row) > 0.97);
}
