// SPDX-License-Identifier: Apache-2.0
//
// The table of which folder may use which: arrows.txt, the same that CMake links by.
//
// Threads: immutable once parsed.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace vexfs {

class Arrows {
  public:
    // EINVAL if a line is not `folder: pattern...`.
    static Result<Arrows> parse(const std::vector<std::string>& lines);

    // The folder of the table that a path lies in (the longest that fits); empty if in none.
    [[nodiscard]] std::string_view folder_of(std::string_view path) const;
    // Does the table have a line for just this folder?
    [[nodiscard]] bool knows(std::string_view folder) const;
    // May a file of folder `from` include and link folder `to`? Both are names that folder_of()
    // gave.
    [[nodiscard]] bool allows(std::string_view from, std::string_view to) const;
    // The folder that CMake's target belongs to (vexfs_index_graph -> index/graph); empty if none.
    [[nodiscard]] std::string_view folder_of_target(std::string_view target) const;
    // What `from` may use, as the table says it.
    [[nodiscard]] std::string allowed_text(std::string_view from) const;

  private:
    struct Line {
        std::string folder;
        std::vector<std::string> patterns;
    };
    [[nodiscard]] const Line* line_of(std::string_view folder) const;

    std::vector<Line> lines_;
};

} // namespace vexfs
