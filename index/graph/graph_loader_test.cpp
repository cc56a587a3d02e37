// SPDX-License-Identifier: Apache-2.0
#include "index/graph/graph_loader.h"

#include <array>

#include <doctest/doctest.h>

#include "index/graph/consolidate.h"
#include "index/graph/graph_export.h"
#include "index/graph/links.h"
#include "index/graph/test_rows.h"

using namespace vexfs;
using namespace vexfs::index;

namespace {

std::unique_ptr<Graph> build(const TestRows& rows) {
    std::unique_ptr<Graph> graph = Graph::create(TestRows::config()).value();
    Scratch scratch;
    for (uint32_t slot = 0; slot < rows.size(); ++slot)
        REQUIRE(graph->insert(slot, rows.record(slot), scratch).has_value());
    return graph;
}

std::vector<std::byte> exported(const Graph& graph) {
    ChangeWriter writer;
    export_graph(graph.core(), writer);
    return writer.take().value();
}

struct Loaded {
    std::unique_ptr<Graph> graph = Graph::create(TestRows::config()).value();
    LoadReport report;
    Status applied = ok();
};

Loaded load(const TestRows& rows, Bytes records, size_t threads = 1) {
    Loaded loaded;
    GraphLoader loader(*loaded.graph, rows.size());
    for (uint32_t slot = 0; slot < rows.size(); ++slot)
        REQUIRE(loader.add_code(slot, rows.record(slot)).has_value());
    loaded.applied = loader.apply(records);
    loaded.report = loader.finish(threads).value();
    return loaded;
}

TestRows rows_with_copies() {
    TestRows rows(1000, 31);
    for (uint32_t i = 0; i < 50; ++i)
        rows.append(rows.row(i % 5));
    return rows;
}

std::vector<std::byte> links_record(uint32_t slot, uint32_t level, std::vector<uint32_t> links) {
    ChangeWriter writer;
    writer.links_changed(slot, level, links);
    return writer.take().value();
}

} // namespace

TEST_CASE("graph loader: an exported graph comes back link by link") {
    const TestRows rows = rows_with_copies();
    const auto graph = build(rows);
    const Loaded loaded = load(rows, exported(*graph));
    REQUIRE(loaded.applied.has_value());
    CHECK(loaded.report.pending.empty());
    CHECK(loaded.report.linked == 1050);
    CHECK(loaded.report.dropped_links == 0);
    CHECK(loaded.report.rejected_records == 0);
    for (uint32_t slot = 0; slot < rows.size(); ++slot) {
        CHECK(graph->core().state(slot) == loaded.graph->core().state(slot));
        if ((graph->core().state(slot) & kRowDuplicate) != 0)
            continue;
        uint32_t before[kLinks], after[kLinks];
        const uint32_t count = load_links(graph->core().row(slot), kLinks, before);
        REQUIRE(load_links(loaded.graph->core().row(slot), kLinks, after) == count);
        CHECK(std::equal(before, before + count, after));
    }
    CHECK(loaded.graph->core().talls.entry()->level == graph->core().talls.entry()->level);
}

TEST_CASE("graph loader: several threads put together what one does") {
    TestRows rows(affordable(40'000), 5); // so many that waves are parted
    const auto graph = build(rows);
    std::vector<std::byte> records = exported(*graph);
    // Some rows that others lead to are none.
    for (uint32_t slot = 0; slot < rows.size(); slot += 64) {
        ChangeWriter writer;
        writer.row_released(slot);
        const std::vector<std::byte> released = writer.take().value();
        records.insert(records.end(), released.begin(), released.end());
    }
    const Loaded alone = load(rows, records, 1);
    const Loaded together = load(rows, records, 4);
    CHECK(together.report.linked == alone.report.linked);
    CHECK(together.report.dropped_links == alone.report.dropped_links);
    CHECK(together.report.dropped_links > 1000);
    CHECK(together.report.pending == alone.report.pending);
    for (uint32_t slot = 0; slot < rows.size(); ++slot) {
        REQUIRE(together.graph->core().state(slot) == alone.graph->core().state(slot));
        uint32_t expected[kLinks], links[kLinks];
        const uint32_t count = load_links(alone.graph->core().row(slot), kLinks, expected);
        REQUIRE(load_links(together.graph->core().row(slot), kLinks, links) == count);
        REQUIRE(std::equal(links, links + count, expected));
    }
}

TEST_CASE("graph loader: a row with impossible links is not linked, and all others are") {
    const TestRows rows = rows_with_copies();
    const std::vector<std::byte> good = exported(*build(rows));
    const std::vector<std::vector<uint32_t>> impossible = {
        {1, 2, 77}, {1, 2, 5000}, {3, 4, 3}, {kNoLink - 1}};
    for (const std::vector<uint32_t>& links : impossible) {
        std::vector<std::byte> records = good;
        const std::vector<std::byte> bad = links_record(77, 0, links);
        records.insert(records.end(), bad.begin(), bad.end());
        const Loaded loaded = load(rows, records);
        CHECK(std::count(loaded.report.pending.begin(), loaded.report.pending.end(), 77u) == 1);
        CHECK(loaded.report.pending.size() <= 3);
        CHECK(loaded.report.dropped_links > 0);
        CHECK(!loaded.graph->is_linked(77));
        Scratch scratch;
        CHECK(loaded.graph->insert(77, rows.record(77), scratch).has_value());
    }
}

TEST_CASE("graph loader: contradicting levels and a wrong entry cost nothing but their levels") {
    const TestRows rows = rows_with_copies();
    std::vector<std::byte> records = exported(*build(rows));
    ChangeWriter writer;
    writer.links_changed(8, 5, std::array<uint32_t, 2>{9, 10}); // no level below it
    writer.links_changed(9, 1, std::array<uint32_t, 1>{9});     // itself
    writer.links_changed(10, kMaxLevel + 1, {});
    writer.links_changed(11, 200, {});
    writer.entry_changed(1049); // a copy: it has no levels
    const std::vector<std::byte> bad = writer.take().value();
    records.insert(records.end(), bad.begin(), bad.end());
    const Loaded loaded = load(rows, records);
    REQUIRE(loaded.applied.has_value());
    CHECK(loaded.report.pending.empty());
    CHECK(loaded.report.rejected_records == 2);
    CHECK(loaded.report.linked == 1050);
}

TEST_CASE("graph loader: rows that the entry does not reach are pending") {
    const TestRows rows(10, 32);
    ChangeWriter writer;
    for (uint32_t slot = 0; slot < 10; ++slot) {
        const uint32_t next = slot / 5 * 5 + (slot + 1) % 5;
        writer.links_changed(slot, 0, {&next, 1});
    }
    writer.links_changed(7, 1, {});
    writer.entry_changed(7);
    const Loaded loaded = load(rows, writer.take().value());
    CHECK(loaded.report.linked == 5);
    CHECK(loaded.report.pending == std::vector<uint32_t>{0, 1, 2, 3, 4});
}

TEST_CASE("graph loader: rows that came after their neighbours were stored are linked from these") {
    const TestRows rows(1200, 35);
    const auto old = build(TestRows(1000, 35)); // the same seed, so the same rows
    const auto whole = build(rows);
    const auto graph = Graph::create(TestRows::config()).value();
    GraphLoader loader(*graph, rows.size());
    for (uint32_t slot = 0; slot < rows.size(); ++slot) {
        // The first thousand as they were before the others came.
        const GraphCore& from = slot < 1000 ? old->core() : whole->core();
        uint32_t links[kLinks];
        const uint32_t count = load_links(from.row(slot), kLinks, links);
        REQUIRE(loader.add_node(slot, rows.record(slot), {links, count}));
    }
    const uint32_t too_many[kLinks + 1] = {};
    CHECK(!loader.add_node(3, rows.record(3), too_many));
    loader.reject(7);
    const LoadReport report = loader.finish().value();
    CHECK(report.added_links > 0);
    CHECK(report.dropped_links > 0);
    CHECK(report.linked + report.pending.size() == 1199);
    CHECK(report.pending.size() <= 5);
    CHECK(!graph->is_linked(7));
    uint32_t found = 0;
    Scratch scratch;
    for (uint32_t slot = 1000; slot < rows.size(); ++slot) {
        std::vector<Neighbor> out(10);
        SearchParams params;
        params.k = 10;
        const TestQuery wanted(rows, rows.row(slot));
        const SearchOutcome outcome = graph->search(wanted.query, params, scratch, out).value();
        found += std::any_of(out.begin(), out.begin() + outcome.found,
                             [&](const Neighbor& one) { return one.slot == slot; })
                     ? 1
                     : 0;
    }
    CHECK(found >= 190);
}

TEST_CASE("graph loader: nothing at all is an empty graph whose rows are all pending") {
    const TestRows rows(10, 33);
    const Loaded loaded = load(rows, {});
    CHECK(loaded.report.pending.size() == 10);
    CHECK(loaded.graph->live_rows() == 0);
}

TEST_CASE("graph loader: records that end early or are of no kind are refused where they stand") {
    const TestRows rows = rows_with_copies();
    std::vector<std::byte> records = exported(*build(rows));
    records.pop_back();
    CHECK(load(rows, records).applied.error().code == Code::kEBADMSG);
    records = exported(*build(rows));
    records.resize(records.size() + kChangeHeadBytes, std::byte{9});
    const Loaded loaded = load(rows, records);
    CHECK(loaded.applied.error().code == Code::kEBADMSG);
    CHECK(loaded.report.linked == 1050);
}

TEST_CASE("graph loader: a graph of damaged records can be searched, filled and consolidated") {
    const TestRows rows(400, 34);
    const std::vector<std::byte> good = exported(*build(rows));
    for (uint64_t seed = 1; seed <= affordable(60); ++seed) {
        CAPTURE(seed);
        Random random(seed);
        std::vector<std::byte> records = good;
        for (uint64_t i = 0; i < 1 + seed * 4; ++i)
            records[random.below(records.size())] ^= static_cast<std::byte>(1 + random.below(255));
        const Loaded loaded = load(rows, records);
        REQUIRE(loaded.report.linked + loaded.report.pending.size() == 400);
        Scratch scratch;
        std::vector<Neighbor> out(400);
        SearchParams params;
        params.k = 400;
        const TestQuery wanted(rows, rows.row(5));
        CHECK(loaded.graph->search(wanted.query, params, scratch, out)->found <=
              loaded.report.linked);
        for (uint32_t slot : loaded.report.pending)
            REQUIRE(loaded.graph->insert(slot, rows.record(slot), scratch).has_value());
        for (uint32_t slot = 0; slot < 200; ++slot)
            REQUIRE(loaded.graph->remove(slot).has_value());
        Consolidation consolidation(loaded.graph->core());
        std::vector<uint32_t> released;
        while (consolidation.step(1000, scratch, released).value() !=
               Consolidation::Progress::kIdle) {
        }
        CHECK(released.size() == 200);
        CHECK(loaded.graph->search(wanted.query, params, scratch, out)->found >= 195);
    }
}
