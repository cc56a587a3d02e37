// SPDX-License-Identifier: Apache-2.0
#include "userlib/pool/page_source.h"

#include <cstring>
#include <vector>

#include <doctest/doctest.h>

#include "userlib/pool/handle_table.h"

namespace vexfs {

namespace {

// Counts what the pool has of the system.
class CountedPages : public PageSupply {
  public:
    std::byte* map(size_t bytes) override {
        mapped += bytes;
        return system_pages().map(bytes);
    }
    void unmap(std::byte* memory, size_t bytes) override {
        mapped -= bytes;
        system_pages().unmap(memory, bytes);
    }

    size_t mapped = 0;
};

} // namespace

TEST_CASE("page source: runs lie apart, and all of them go back to the system") {
    CountedPages supply;
    PageSource source(SIZE_MAX, supply);
    std::vector<PageRun> runs;
    size_t pages = 0;
    for (size_t i = 0; i < 300; ++i) {
        const size_t count = 1 + i * 7 % PageSource::kRunPagesMax;
        runs.push_back(source.take(count).value());
        pages += count;
        std::memset(source.memory(runs.back()), static_cast<int>(i % 251), count * kPoolPageBytes);
    }
    CHECK(source.in_use() == pages);
    for (size_t i = 0; i < runs.size(); ++i) {
        const std::byte* const memory = source.memory(runs[i]);
        const auto value = static_cast<std::byte>(i % 251);
        CHECK(memory[0] == value);
        CHECK(memory[runs[i].count * kPoolPageBytes - 1] == value);
    }
    for (const PageRun run : runs) {
        source.give(run);
        CHECK(source.spare() <= 32 + source.in_use() / 16);
    }
    CHECK(source.in_use() == 0);
    source.trim();
    CHECK(source.spare() == 0);
    CHECK(supply.mapped == 0);
}

TEST_CASE("page source: a page given to the system is zeros when it is taken again") {
    CountedPages supply;
    PageSource source(SIZE_MAX, supply);
    const PageRun stays = source.take(1).value();
    const PageRun goes = source.take(1).value();
    std::memset(source.memory(goes), 0xff, kPoolPageBytes);
    source.give(goes);
    CHECK(source.spare() == 1);
    CHECK(source.trim() == 1);
    const PageRun again = source.take(1).value();
    CHECK(source.memory(again) == source.memory(goes));
    CHECK(source.memory(again)[17] == std::byte{0});
    source.give(again);
    source.give(stays);
}

TEST_CASE("page source: where many pages are in use, some are backed ahead, and count as spare") {
    CountedPages supply;
    PageSource source(400, supply);
    std::vector<PageRun> runs;
    size_t most = 0;
    for (size_t i = 0; i < 400; ++i) {
        runs.push_back(source.take(1).value());
        most = std::max(most, source.spare());
        REQUIRE(source.in_use() == i + 1);
        REQUIRE(source.in_use() + source.spare() <= 400);
        CHECK(source.spare() <= source.in_use() / 16);
        std::memset(source.memory(runs.back()), 1, kPoolPageBytes);
    }
    CHECK(most > 8);
    CHECK(source.spare() == 0);
    CHECK(source.take(1).error().code == Code::kENOMEM);
    source.give(runs.back());
    CHECK(source.trim() == 1);
}

TEST_CASE("page source: holes are filled before there is a new region") {
    CountedPages supply;
    PageSource source(SIZE_MAX, supply);
    std::vector<PageRun> runs;
    for (size_t i = 0; i < 2 * PageSource::kRegionPages / 4; ++i)
        runs.push_back(source.take(4).value());
    const size_t mapped = supply.mapped;
    for (size_t i = 0; i < runs.size(); i += 2)
        source.give(runs[i]);
    for (size_t i = 0; i < runs.size(); i += 2)
        runs[i] = source.take(4).value();
    CHECK(supply.mapped == mapped);
    CHECK(source.take(1));
    CHECK(supply.mapped > mapped);
}

TEST_CASE("page source: the limit counts what is spare, and lets go of it") {
    CountedPages supply;
    PageSource source(8, supply);
    const PageRun run = source.take(6).value();
    CHECK(source.take(3).error().code == Code::kENOMEM);
    source.give(run);
    CHECK(source.spare() == 6);
    CHECK(source.take(8));
    CHECK(source.in_use() + source.spare() == 8);
}

TEST_CASE("handle table: a place whose generations are used up is not used again") {
    HandleTable table;
    const PoolHandle first = table.take().value();
    table.at(first.index()).generation = 0xffff'fffd;
    CHECK(table.find(first) == nullptr);
    table.drop(first.index());
    const PoolHandle last = table.take().value();
    CHECK(last.index() == first.index());
    CHECK(last.generation() == 0xffff'ffff);
    CHECK(table.find(last) != nullptr);
    table.drop(last.index());
    CHECK(table.find(last) == nullptr);
    CHECK(table.find(first) == nullptr);
    for (int i = 0; i < 1000; ++i)
        CHECK(table.take().value().index() != last.index());
}

} // namespace vexfs
