// SPDX-License-Identifier: Apache-2.0
#include "bench/grid/plan.h"

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>

using namespace vexfs;

TEST_CASE("grid: rows by dimensions, each cell by a name of its own, the too large ones left out") {
    for (const GridPlan& plan : {GridPlan::quick(), GridPlan::full()}) {
        std::vector<std::string> left_out;
        const std::vector<GridCell> cells = cells_of(plan, {}, left_out);
        CHECK(cells.size() + left_out.size() == plan.rows.size() * plan.dims.size());
        CHECK_FALSE(cells.empty());
        CHECK(plan.minutes > 0);
        std::set<std::string> names;
        for (const GridCell& cell : cells)
            names.insert(cell.name);
        CHECK(names.size() == cells.size());
    }
    GridPlan plan;
    plan.rows = {100, 1000};
    plan.dims = {16};
    plan.filter_percents = {10, 0.1};
    plan.values_max = 1600;
    plan.clients = {1, 8};
    plan.peer = "hnswlib";
    std::vector<std::string> left_out;
    const std::vector<GridCell> cells = cells_of(plan, {{"mine", "/a", "/b", "", {}}}, left_out);
    REQUIRE(cells.size() == 2);
    CHECK(cells[0].name == "mine-hnswlib-filter-clients");
    CHECK(cells[1].name == "clustered-100x16-hnswlib-filter-clients");
    CHECK(cells[1].arguments == std::vector<std::string>{"--peer", "hnswlib", "--rounds", "3",
                                                         "--threads", "1", "--filter", "10,0.1",
                                                         "--clients", "1,8"});
    CHECK(left_out ==
          std::vector<std::string>{"1000 rows of 16 dimensions are more than --values 1600"});
    plan.values_max = 160'000;
    plan.peer_values_max = 1600;
    const std::vector<GridCell> more = cells_of(plan, {}, left_out);
    REQUIRE(more.size() == 2);
    CHECK(more[0].name == "clustered-100x16-hnswlib-filter-clients");
    CHECK(more[1].name == "clustered-1000x16-none-filter-clients");
    CHECK(more[1].arguments[1] == "none");
    CHECK(in_pass(more[1], 0).name == more[1].name);
    CHECK(in_pass(more[1], 1).name == more[1].name + "-pass2");
    CHECK(in_pass(more[1], 1).arguments == more[1].arguments);
}

TEST_CASE("grid: the sets of a folder are those whose queries lie beside them") {
    std::string folder = (std::filesystem::temp_directory_path() / "vexfs-XXXXXX").string();
    REQUIRE(::mkdtemp(folder.data()) != nullptr);
    for (const char* name :
         {"a.base.fbin", "a.query.fbin", "b.base.npy", "base.u8bin", "query.u8bin", "base.npy",
          "train-images-idx3-ubyte", "t10k-images-idx3-ubyte", "train-labels-idx1-ubyte"})
        const std::ofstream made(folder + "/" + name);
    const std::vector<GridSet> sets = sets_in(folder);
    REQUIRE(sets.size() == 3);
    CHECK(sets[0].name == "a");
    CHECK(sets[0].query == folder + "/a.query.fbin");
    CHECK(sets[1].name == std::filesystem::path(folder).filename().string());
    CHECK(sets[1].query == folder + "/query.u8bin");
    CHECK(sets[2].name == sets[1].name);
    CHECK(sets[2].query == folder + "/t10k-images-idx3-ubyte");
    CHECK(sets_in(folder + "/absent").empty());
    std::filesystem::remove_all(folder);
}
