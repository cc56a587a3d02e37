// SPDX-License-Identifier: Apache-2.0
//
// The one form in which benchmarks write what they found: JSON of the schema kResultSchema.
//
//   {"schema", "commit", "machine": {...},
//    "runs": [{"command", "setting",
//              "measurements": [{"benchmark", "subject", "peer", "description",
//                                "parameters": {NAME: word or number},
//                                "figures": [{"name", "unit", "better": "more|less|neither",
//                                             "rounds": [...], "min", "median", "max"}],
//                                "ratios": [{"figure", "peer", "min", "median", "max"}]}]}]}
//
// A reader takes rounds and computes min, median and max itself. Within a schema members are only
// added; a reader passes over members that it does not know.
//
// Threads: pure functions on values.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bench/machine/machine.h"
#include "bench/result/measurement.h"

namespace vexfs {

constexpr const char* kResultSchema = "vexfs-bench.results/1";

// What one command found.
struct BenchRun {
    std::string command;
    std::string setting; // what else to know: the processor measured on, where the data is from
    std::vector<Measurement> measurements;
};

struct ResultFile {
    Machine machine; // its commit is that of all runs
    std::vector<BenchRun> runs;
};

std::string json_of(const ResultFile& file);

// Nothing if it is no such document; `complaint` then says what is wrong where.
std::optional<ResultFile> parse_results(std::string_view text, std::string& complaint);

// The same of a file; the complaint begins with its path.
std::optional<ResultFile> read_results(const std::string& path, std::string& complaint);

// Replaces the file whole: nobody sees half of it. False with a complaint if that fails.
bool replace_file(const std::string& path, std::string_view text, std::string& complaint);

} // namespace vexfs
