// SPDX-License-Identifier: Apache-2.0
#include "index/graph/consolidate.h"

#include <array>
#include <map>
#include <thread>

#include <doctest/doctest.h>

#include "index/graph/change_record.h"
#include "index/graph/graph_export.h"
#include "index/graph/graph_loader.h"
#include "index/graph/links.h"
#include "index/graph/test_rows.h"

using namespace vexfs;
using namespace vexfs::index;

namespace {

std::vector<uint32_t> consolidate(Consolidation& consolidation, Scratch& scratch) {
    std::vector<uint32_t> released;
    Consolidation::Progress progress = Consolidation::Progress::kWorking;
    while (progress != Consolidation::Progress::kIdle) {
        progress = consolidation.step(500, scratch, released).value();
        // Nobody searches here, so nobody is to be waited for.
        REQUIRE(progress != Consolidation::Progress::kWaiting);
    }
    return released;
}

// Counts what it is told, and keeps the links of upper levels as they are now.
class Listener : public ChangeSink {
  public:
    void links_changed(uint32_t slot, uint32_t level, std::span<const uint32_t> links) override {
        ++calls;
        if (level > 0)
            upper[{slot, level}].assign(links.begin(), links.end());
    }
    void duplicate_added(uint32_t, uint32_t) override { ++calls; }
    void row_released(uint32_t slot) override {
        ++calls;
        for (uint32_t level = 1; level <= kMaxLevel; ++level)
            upper.erase({slot, level});
    }
    void entry_changed(uint32_t slot) override {
        ++calls;
        entry = slot;
    }

    uint32_t calls = 0;
    uint32_t entry = kNoLink;
    std::map<std::pair<uint32_t, uint32_t>, std::vector<uint32_t>> upper;
};

double mean_recall(const Graph& graph, TestRows& rows, int queries) {
    Scratch scratch;
    std::array<Neighbor, 10> out;
    double sum = 0;
    SearchParams params;
    params.ef = 30;
    for (int i = 0; i < queries; ++i) {
        const TestQuery wanted(rows, rows.draw());
        const SearchOutcome outcome = graph.search(wanted.query, params, scratch, out).value();
        const auto truth = nearest_by_scan(rows, wanted.values, 10,
                                           [&](uint32_t slot) { return graph.is_linked(slot); });
        sum += recall_of(truth, {out.data(), outcome.found});
    }
    return sum / queries;
}

} // namespace

TEST_CASE("consolidation: removed slots come back once and the rest is found as before") {
    TestRows rows(3000, 21);
    const auto graph = Graph::create(TestRows::config()).value();
    Scratch scratch;
    for (uint32_t slot = 0; slot < rows.size(); ++slot)
        REQUIRE(graph->insert(slot, rows.record(slot), scratch).has_value());
    Consolidation consolidation(graph->core());
    CHECK(!consolidation.is_due());
    for (uint32_t slot = 0; slot < rows.size(); slot += 4)
        REQUIRE(graph->remove(slot).has_value());
    CHECK(consolidation.is_due());
    std::vector<uint32_t> released = consolidate(consolidation, scratch);
    CHECK(!consolidation.is_due());
    std::sort(released.begin(), released.end());
    REQUIRE(released.size() == 750);
    for (uint32_t i = 0; i < 750; ++i)
        CHECK(released[i] == 4 * i);
    CHECK(graph->dead_rows() == 0);
    CHECK(graph->live_rows() == 2250);
    for (uint32_t slot = 0; slot < rows.size(); slot += 4) {
        const uint8_t* code = graph->code(slot);
        REQUIRE(std::all_of(code, code + 64, [](uint8_t byte) { return byte == 0; }));
    }
    CHECK(mean_recall(*graph, rows, 50) > 0.95);
}

TEST_CASE("consolidation: five turnovers with duplicates neither lose recall nor grow") {
    TestRows rows(2000, 22);
    const auto graph = Graph::create(TestRows::config()).value();
    Scratch scratch;
    Random random(22);
    // A tenth of the rows are copies of a few vectors.
    std::vector<TestRows::Values> copied;
    for (int i = 0; i < 4; ++i)
        copied.push_back(rows.draw());
    const auto fresh = [&] {
        return random.chance(1, 10) ? copied[random.below(copied.size())] : rows.draw();
    };
    for (uint32_t slot = 0; slot < rows.size(); ++slot) {
        rows.replace(slot, fresh());
        REQUIRE(graph->insert(slot, rows.record(slot), scratch).has_value());
    }
    const double before = mean_recall(*graph, rows, 150);
    const size_t memory = graph->memory().total();
    Consolidation consolidation(graph->core());
    for (uint32_t round = 0; round < affordable(50); ++round) {
        for (int removed = 0; removed < 200;)
            removed += graph->remove(static_cast<uint32_t>(random.below(2000))).has_value();
        const std::vector<uint32_t> released = consolidate(consolidation, scratch);
        REQUIRE(released.size() == 200);
        for (uint32_t slot : released) {
            rows.replace(slot, fresh());
            REQUIRE(graph->insert(slot, rows.record(slot), scratch).has_value());
        }
    }
    const double after = mean_recall(*graph, rows, 150);
    CAPTURE(before);
    CHECK(after > before - 0.01);
    CHECK(graph->live_rows() == 2000);
    CHECK(graph->memory().total() <= memory + memory / 10);
}

TEST_CASE("consolidation: copies of a removed row stay, through a row that inherits its place") {
    TestRows rows(500, 23);
    const TestRows::Values copy = rows.draw();
    for (int i = 0; i < 20; ++i)
        rows.append(copy);
    const auto graph = Graph::create(TestRows::config()).value();
    Scratch scratch;
    for (uint32_t slot = 0; slot < rows.size(); ++slot)
        REQUIRE(graph->insert(slot, rows.record(slot), scratch).has_value());
    Consolidation consolidation(graph->core());
    std::vector<Neighbor> out(20);
    SearchParams params;
    params.k = 20;
    const TestQuery wanted(rows, copy);
    for (uint32_t left = 18; left > 0; left -= 2) {
        // The row through which the others are found was inserted first.
        const SearchOutcome outcome = graph->search(wanted.query, params, scratch, out).value();
        REQUIRE(outcome.found == 20);
        REQUIRE(graph->remove(520 - left - 2).has_value());
        REQUIRE(graph->remove(520 - left - 1).has_value());
        CHECK(consolidate(consolidation, scratch).size() == 2);
        REQUIRE(graph->search(wanted.query, params, scratch, out)->found == 20);
        uint32_t copies = 0;
        for (const Neighbor& answer : out)
            copies += answer.distance == 0;
        CHECK(copies == left);
    }
}

TEST_CASE("consolidation: a sink knows every link that leads to a row which inherited its levels") {
    constexpr uint32_t kRows = 500;
    TestRows rows(kRows, 29);
    for (uint32_t slot = 0; slot < kRows; ++slot)
        rows.append(rows.row(slot));
    Listener listener;
    const auto graph = Graph::create(TestRows::config()).value();
    graph->set_sink(&listener);
    Scratch scratch;
    for (uint32_t slot = 0; slot < rows.size(); ++slot)
        REQUIRE(graph->insert(slot, rows.record(slot), scratch).has_value());
    Consolidation consolidation(graph->core());
    for (uint32_t slot = 0; slot < kRows; slot += 2)
        REQUIRE(graph->remove(slot).has_value());
    CHECK(consolidate(consolidation, scratch).size() == kRows / 2);
    Listener state;
    export_graph(graph->core(), state);
    REQUIRE(state.upper.size() > 20);
    CHECK(listener.upper == state.upper);
    CHECK(listener.entry == state.entry);
    for (const auto& [place, links] : listener.upper)
        CHECK(std::all_of(links.begin(), links.end(),
                          [&](uint32_t link) { return graph->is_linked(link); }));
}

TEST_CASE("consolidation: a step is as long as it is told to be, however many copies a row has") {
    constexpr uint32_t kStep = 16;
    TestRows rows(200, 30);
    const TestRows::Values copy = rows.draw();
    for (int i = 0; i < 1000; ++i)
        rows.append(copy);
    Listener listener;
    const auto graph = Graph::create(TestRows::config()).value();
    graph->set_sink(&listener);
    Scratch scratch;
    for (uint32_t slot = 0; slot < rows.size(); ++slot)
        REQUIRE(graph->insert(slot, rows.record(slot), scratch).has_value());
    for (uint32_t slot = 0; slot < 700; ++slot)
        REQUIRE(graph->remove(slot).has_value());
    Consolidation consolidation(graph->core());
    std::vector<uint32_t> released;
    Consolidation::Progress progress = Consolidation::Progress::kWorking;
    while (progress != Consolidation::Progress::kIdle) {
        const uint32_t calls = listener.calls;
        const size_t before = released.size();
        progress = consolidation.step(kStep, scratch, released).value();
        // Rows that are linked again change those that they are linked to.
        CHECK(listener.calls - calls <= kStep * (1 + kLinks));
        CHECK(released.size() - before <= kStep);
    }
    CHECK(released.size() == 700);
    std::vector<Neighbor> out(500);
    SearchParams params;
    params.k = 500;
    const TestQuery wanted(rows, copy);
    CHECK(graph->search(wanted.query, params, scratch, out)->found == 500);
}

TEST_CASE("consolidation: what looks at no links takes few of the steps of a round") {
    constexpr uint32_t kStep = 50;
    TestRows rows(3000, 31);
    const auto graph = Graph::create(TestRows::config()).value();
    Scratch scratch;
    for (uint32_t slot = 0; slot < rows.size(); ++slot)
        REQUIRE(graph->insert(slot, rows.record(slot), scratch).has_value());
    for (uint32_t slot = 0; slot < rows.size(); slot += 20)
        REQUIRE(graph->remove(slot).has_value());
    Consolidation consolidation(graph->core());
    std::vector<uint32_t> released;
    uint32_t steps = 1;
    while (consolidation.step(kStep, scratch, released).value() != Consolidation::Progress::kIdle)
        ++steps;
    CHECK(released.size() == 150);
    CHECK(steps < rows.size() / kStep * 2);
}

TEST_CASE("consolidation: a graph that lost every row starts again") {
    TestRows rows(300, 24);
    const auto graph = Graph::create(TestRows::config()).value();
    Scratch scratch;
    Consolidation consolidation(graph->core());
    for (int round = 0; round < 3; ++round) {
        for (uint32_t slot = 0; slot < rows.size(); ++slot)
            REQUIRE(graph->insert(slot, rows.record(slot), scratch).has_value());
        CHECK(mean_recall(*graph, rows, 20) > 0.95);
        for (uint32_t slot = 0; slot < rows.size(); ++slot)
            REQUIRE(graph->remove(slot).has_value());
        CHECK(consolidate(consolidation, scratch).size() == 300);
        CHECK(graph->live_rows() == 0);
    }
}

TEST_CASE("consolidation: a row that came after its begin links to nothing that it releases") {
    constexpr uint32_t kRemovedLate = 20;
    TestRows rows(500, 27);
    const auto graph = Graph::create(TestRows::config()).value();
    Scratch scratch;
    for (uint32_t slot = 0; slot < rows.size(); ++slot)
        REQUIRE(graph->insert(slot, rows.record(slot), scratch).has_value());
    REQUIRE(graph->remove(0).has_value());
    Consolidation consolidation(graph->core());
    std::vector<uint32_t> released;
    REQUIRE(consolidation.step(1, scratch, released).has_value());
    TestRows::Values beside = rows.row(kRemovedLate);
    ++beside.v[0];
    rows.append(beside);
    const uint32_t late = rows.size() - 1;
    REQUIRE(graph->insert(late, rows.record(late), scratch).has_value());
    REQUIRE(graph->remove(kRemovedLate).has_value());
    released = consolidate(consolidation, scratch);
    CHECK(std::count(released.begin(), released.end(), kRemovedLate) == 1);
    for (uint32_t slot = 0; slot < rows.size(); ++slot) {
        uint32_t links[kLinks];
        const uint32_t count = load_links(graph->core().row(slot), kLinks, links);
        for (uint32_t i = 0; graph->is_linked(slot) && i < count; ++i)
            CHECK(graph->is_linked(links[i]));
    }
}

TEST_CASE("consolidation: what came while the first row left is found from the new entry") {
    TestRows rows(3, 28);
    const auto graph = Graph::create(TestRows::config()).value();
    Scratch scratch;
    REQUIRE(graph->insert(0, rows.record(0), scratch).has_value());
    REQUIRE(graph->insert(1, rows.record(1), scratch).has_value());
    REQUIRE(graph->remove(0).has_value());
    Consolidation consolidation(graph->core());
    std::vector<uint32_t> released;
    REQUIRE(consolidation.step(10, scratch, released).has_value()); // begins
    REQUIRE(consolidation.step(10, scratch, released).has_value()); // condemns row 0
    REQUIRE(graph->insert(2, rows.record(2), scratch).has_value());
    REQUIRE(graph->remove(1).has_value());
    consolidate(consolidation, scratch);
    const TestQuery wanted(rows, rows.row(2));
    std::array<Neighbor, 10> out;
    const SearchOutcome outcome = graph->search(wanted.query, {}, scratch, out).value();
    REQUIRE(outcome.found == 1);
    CHECK(out[0].slot == 2);
}

TEST_CASE("consolidation: a search that has not ended holds the slots back") {
    TestRows rows(200, 25);
    const auto graph = Graph::create(TestRows::config()).value();
    Scratch scratch;
    for (uint32_t slot = 0; slot < rows.size(); ++slot)
        REQUIRE(graph->insert(slot, rows.record(slot), scratch).has_value());
    REQUIRE(graph->remove(3).has_value());
    Consolidation consolidation(graph->core());
    std::vector<uint32_t> released;
    uint32_t hint = 0;
    {
        const ReaderEpochs::Guard guard(graph->core().epochs, hint);
        while (consolidation.step(100, scratch, released).value() !=
               Consolidation::Progress::kWaiting) {
        }
        CHECK(consolidation.step(100, scratch, released).value() ==
              Consolidation::Progress::kWaiting);
    }
    const std::vector<uint32_t> rest = consolidate(consolidation, scratch);
    CHECK(released.empty());
    CHECK(rest == std::vector<uint32_t>{3});
}

TEST_CASE("graph: inserts, removals, consolidation and searches run at the same time") {
    TestRows rows(1500, 26);
    ChangeWriter log;
    const auto graph = Graph::create(TestRows::config()).value();
    graph->set_sink(&log);
    Scratch scratch;
    for (uint32_t slot = 0; slot < rows.size(); ++slot)
        REQUIRE(graph->insert(slot, rows.record(slot), scratch).has_value());
    std::atomic<bool> done = false, failed = false;
    std::vector<std::thread> threads;
    for (uint64_t t = 0; t < 2; ++t) {
        threads.emplace_back([&, t] {
            Scratch own;
            Random random(100 + t);
            std::array<Neighbor, 10> out;
            while (!done) {
                const TestQuery wanted(rows, rows.row(static_cast<uint32_t>(random.below(1500))));
                const auto outcome = graph->search(wanted.query, {}, own, out);
                if (!outcome || outcome->found < 10)
                    failed = true;
            }
        });
    }
    Mutex mutex;
    std::vector<uint32_t> free_slots;
    threads.emplace_back([&] {
        Scratch own;
        Random random(200);
        // Slots come back with the vectors they had: their rows are read by searches meanwhile.
        while (!done) {
            std::vector<uint32_t> taken;
            {
                MutexLock lock(mutex);
                taken.swap(free_slots);
            }
            for (uint32_t slot : taken)
                failed = failed || !graph->insert(slot, rows.record(slot), own).has_value();
            if (graph->dead_rows() < 300)
                (void)graph->remove(static_cast<uint32_t>(random.below(1500))).has_value();
        }
    });
    Consolidation consolidation(graph->core());
    for (size_t rounds = 0; rounds < 2500;) {
        std::vector<uint32_t> released;
        failed = failed || !consolidation.step(100, scratch, released).has_value();
        rounds += released.size();
        MutexLock lock(mutex);
        free_slots.insert(free_slots.end(), released.begin(), released.end());
    }
    done = true;
    for (std::thread& thread : threads)
        thread.join();
    CHECK(!failed);
    CHECK(mean_recall(*graph, rows, 50) > 0.9);

    // The log of all this, replayed, is a graph that finds the same rows.
    (void)consolidate(consolidation, scratch);
    const auto copy = Graph::create(TestRows::config()).value();
    GraphLoader loader(*copy, rows.size());
    for (uint32_t slot = 0; slot < rows.size(); ++slot) {
        if (graph->is_linked(slot))
            REQUIRE(loader.add_code(slot, graph->code(slot)).has_value());
    }
    REQUIRE(loader.apply(log.take().value()).has_value());
    const LoadReport report = loader.finish().value();
    CHECK(report.linked + report.pending.size() == graph->live_rows());
    CHECK(report.pending.size() * 100 <= graph->live_rows());
    CHECK(mean_recall(*copy, rows, 50) > 0.9);
}
