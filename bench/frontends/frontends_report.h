// SPDX-License-Identifier: Apache-2.0
//
// What `vexfs-bench frontends` found, as text and as results.
//
// Threads: values and pure functions.
#pragma once

#include <string>
#include <vector>

#include "bench/result/result_file.h"

namespace vexfs {

// One way of a search. A round is a slice of searches, by turns with the other ways.
struct WayFigures {
    std::string name;
    std::vector<Latency> latency;      // [round]
    std::vector<double> outside_ns;    // [round]: of the middle search, not in the collection
    std::vector<double> outside_share; // [round]: of its time
    std::vector<double> recall;        // [round]: of k
};

struct FrontendsReport {
    Machine machine;
    std::string command;
    uint64_t rows = 0;
    uint64_t dim = 0;
    uint64_t k = 0;
    uint64_t searches = 0;        // of each way in a round
    std::vector<WayFigures> ways; // the others are compared with the first
};

std::string text_of(const FrontendsReport& report);
ResultFile results_of(const FrontendsReport& report);

} // namespace vexfs
