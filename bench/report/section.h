// SPDX-License-Identifier: Apache-2.0
//
// The sections of the page. Each takes of one run what it knows how to show and leaves the rest to
// tables_of_others(), so that no figure of a file is missing from its page.
//
// Threads: pure functions on values.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "bench/report/plot.h"
#include "bench/result/result_file.h"

namespace vexfs {

// Gives everyone who was measured a colour for the whole page; ours is the first.
class Colours {
  public:
    explicit Colours(const ResultFile& file);
    [[nodiscard]] size_t of(std::string_view subject) const;

  private:
    std::vector<std::string> subjects_;
};

using Pointers = std::vector<const Measurement*>;

// Measurements of the same thing by different subjects, under all parameters but `without`.
struct Group {
    std::string title;      // title_of() the first
    std::string parameters; // all of them
    Pointers measurements;
};

// Of one benchmark; in the order of the file.
std::vector<Group> groups_of(const BenchRun& run, std::string_view benchmark,
                             const std::vector<std::string_view>& without);

// The parameters of a search that tell one plot from the next: "deep, 10,000 rows of 96, 10%
// allowed (random), at recall 0.95".
std::string title_of(const Measurement& measurement);

// A picture or a table with its heading, the command that measured it and, if there are any, the
// parameters that the heading leaves out.
std::string block(const std::string& heading, const std::string& content, const BenchRun& run,
                  const std::string& parameters = "");

std::string headline_of(const BenchRun& run);                  // at the wanted recalls
std::string curves_of(const BenchRun& run, const Colours&);    // recall against throughput
std::string latencies_of(const BenchRun& run, const Colours&); // percentiles
std::string builds_of(const BenchRun& run, const Colours&);    // time and memory
std::string file_systems_of(const BenchRun& run, const Colours&);
std::string tables_of_others(const BenchRun& run); // every benchmark not shown above

} // namespace vexfs
