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

// One way in. A round is a slice of messages, by turns with the other ways.
struct WayFigures {
    std::string name;
    std::vector<Latency> latency;   // [round]: of a message
    std::vector<double> throughput; // [round]: searches or rows a second
    // Of searches alone, [round]:
    std::vector<double> outside_ns;    // of the middle message, not in the collection
    std::vector<double> outside_share; // of its time
    std::vector<double> recall;        // of k
};

// The same messages by each way.
struct TaskFigures {
    std::string benchmark; // "frontends.search"
    std::string description;
    uint32_t batch = 1;           // searches or rows of a message
    uint64_t messages = 0;        // of each way in a round
    std::vector<WayFigures> ways; // the others are compared with the first
};

struct FrontendsReport {
    Machine machine;
    std::string command;
    uint64_t rows = 0;
    uint64_t dim = 0;
    uint64_t k = 0;
    std::vector<TaskFigures> tasks;
    std::vector<Measurement> paths; // in instructions
};

std::string text_of(const FrontendsReport& report);
ResultFile results_of(const FrontendsReport& report);

} // namespace vexfs
