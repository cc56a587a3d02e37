// SPDX-License-Identifier: Apache-2.0
//
// Runs cells as processes of this program, and keeps their results by build.
//
//   OUT/data/SET/...            generated sets
//   OUT/cells/BUILD/CELL.json   results; BUILD is the commit, or the commit and the checksum of the
//                               program where the tree had changes
//
// A file of a cell is there whole or not at all, so that a grid that was interrupted goes on with
// the first cell that has none.
//
// Threads: one thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "bench/grid/plan.h"
#include "bench/result/result_file.h"

namespace vexfs {

class GridRunner {
  public:
    // `program` is the name this program was called by: the commands in the results begin with it.
    GridRunner(std::string out, std::string program);

    // False with a complaint if the folders cannot be made.
    bool prepare(std::string& complaint);
    // What the cell measured earlier with this build.
    [[nodiscard]] std::optional<ResultFile> kept(const GridCell& cell) const;
    // Measures it. Nothing if that failed; `complaint` says why.
    std::optional<ResultFile> run(const GridCell& cell, std::string& complaint);

  private:
    // The exit code of this program with these arguments, its output in `output`; -1 with a
    // complaint if it could not be run.
    int run_program(const std::vector<std::string>& arguments, const std::string& output,
                    std::string& complaint) const;
    bool generate(const GridSet& set, std::string& complaint) const;
    [[nodiscard]] std::string path_of(const GridCell& cell) const {
        return cells_ + "/" + cell.name + ".json";
    }
    [[nodiscard]] std::vector<std::string> arguments_of(const GridCell& cell) const;

    const std::string out_;
    const std::string program_;
    std::string executable_;
    std::string cells_;
    std::string data_;
};

} // namespace vexfs
