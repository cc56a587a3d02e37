// SPDX-License-Identifier: Apache-2.0
//
// Which cells a grid has: rows by dimensions of generated sets, and sets that the user has.
//
// A cell is one command of this program; its name and its command say all that it depends on.
//
// Threads: pure, but for sets_in(), which lists a folder.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace vexfs {

struct GridPlan {
    std::vector<uint64_t> rows;
    std::vector<uint64_t> dims;
    std::vector<double> filter_percents;
    std::vector<uint64_t> clients;
    uint64_t values_max = 0;      // rows x dimensions; a larger cell is left out
    uint64_t peer_values_max = 0; // a larger cell is ours alone; 0: none is
    uint64_t queries = 200;
    uint64_t rounds = 3;
    uint64_t passes = 1;  // over all cells, one after the other
    uint64_t threads = 1; // that build
    double minutes = 0;   // after which no cell is begun; 0: all are
    std::string peer = "all";
    std::string external; // adapters, as `ann --external` takes them

    static GridPlan quick();
    static GridPlan full();
};

// Vectors of a set, and the arguments that generate it; none if it is there already.
struct GridSet {
    std::string name;
    std::string base; // paths; relative to the folder of generated sets if there is a generator
    std::string query;
    std::string truth; // empty: computed
    std::vector<std::string> generator;
};

struct GridCell {
    std::string name; // of a file, too
    GridSet set;
    std::vector<std::string> arguments; // behind those that name the set
};

// The same cell once more: 0 is the first pass.
GridCell in_pass(const GridCell& cell, uint64_t pass);

// `left_out` gets a line for each cell that is too large.
std::vector<GridCell> cells_of(const GridPlan& plan, const std::vector<GridSet>& sets,
                               std::vector<std::string>& left_out);

// X.base.EXT beside X.query.EXT, base.EXT beside query.EXT, and train-images-idx3-ubyte beside
// t10k-images-idx3-ubyte.
std::vector<GridSet> sets_in(const std::string& folder);

} // namespace vexfs
