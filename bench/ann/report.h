// SPDX-License-Identifier: Apache-2.0
//
// What `vexfs-bench ann` found, as text for people and as results for programs.
//
// A ratio is ours over the peer's, round by round of the same run, and the middle of those; the
// smallest and largest say how far the rounds were apart. A ratio over 1 is in our favour for
// queries per second and builds, and for memory.
//
// Threads: pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "bench/ann/churn.h"
#include "bench/ann/clients.h"
#include "bench/ann/curve.h"
#include "bench/machine/machine.h"
#include "bench/ratio/ratio.h"
#include "bench/result/result_file.h"

namespace vexfs {

struct DataDescription {
    std::string base;
    std::string query;
    std::string truth;
    std::string element;
    std::string metric;
    uint64_t rows = 0;
    uint64_t queries = 0;
    uint32_t dim = 0;
};

struct ContenderResult {
    std::string name;
    std::string description;
    double build_seconds = 0;
    double reload_seconds = 0; // 0: was not reloaded
    Footprint footprint;
    // Of the process, over the build.
    uint64_t resident_growth_bytes = 0;
    uint64_t pss_growth_bytes = 0;
    uint64_t peak_growth_bytes = 0; // while it was built; 0 where the kernel does not tell
    uint64_t file_bytes = 0;
    std::vector<Point> points;
    std::vector<ClientsPoint> clients;
};

struct SearchRun {
    std::string title;           // "search", "filter 10 percent, random"
    std::string filter = "none"; // "random", "opposed"
    double filter_percent = 100;
    uint64_t rows = 0;
    uint64_t queries = 0;
    uint32_t k = 10;
    std::vector<double> recalls = {0.95, 0.99};
    double clients_recall = 0.95;
    std::vector<ContenderResult> contenders; // ours first, if it takes part
};

struct ChurnRun {
    ChurnPlan plan;
    std::vector<std::string> names;
    std::vector<std::string> descriptions;
    std::vector<ChurnResult> results;
};

struct Report {
    Machine machine;
    uint32_t processor = 0; // the one measured on
    std::string command;
    std::string isa;
    ContenderShape shape;
    DataDescription data;
    std::vector<std::string> skipped; // "usearch_peer.py: why"
    std::vector<SearchRun> searches;
    std::vector<ChurnRun> churns;
};

// Of a's queries per second over b's at one recall.
std::optional<Ratio> speed_ratio(const ContenderResult& a, const ContenderResult& b, double recall);

// Of b's median latency over a's at one recall. On a busy machine it tells more than the queries
// per second, which lose whatever time others took.
std::optional<Ratio> latency_ratio(const ContenderResult& a, const ContenderResult& b,
                                   double recall);

// Of a's queries per second over b's with so many clients.
std::optional<Ratio> clients_ratio(const ContenderResult& a, const ContenderResult& b,
                                   uint32_t clients);

std::string text_of(const Report& report);
ResultFile results_of(const Report& report);

} // namespace vexfs
