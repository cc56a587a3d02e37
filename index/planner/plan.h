// SPDX-License-Identifier: Apache-2.0
//
// Chooses how a search looks at the rows, from their number and what each way costs.
//
// The costs are in nanoseconds of one core, fitted to timings on one machine with AVX-512; only
// their ratios decide. `vexfs-bench ann --filter` times the choice beside the scan, so a machine
// where they mislead shows. A filtered walk is chosen if it is expected to cost well less than the
// scan. When it has spent a tenth of the scan it has to show that the filter agrees with the
// query; whoever walks into one that does not loses that much and then scans.
//
// Threads: pure functions.
#pragma once

#include <cstdint>

#include "index/kernels/code.h"

namespace vexfs::index {

enum class Plan : uint8_t {
    kNothing,  // no row can match
    kExact,    // the exact distance of every row that matches
    kCodeScan, // the code of every row that matches, then exact distances of the nearest
    kWalk,     // the graph
    kNavigate, // the graph, keeping what the filter allows
    kTwoHop,   // the graph of allowed rows, across rows that are not
};

// "nothing", "exact", "code-scan", "walk", "navigate", "two-hop". A static string.
const char* name_of(Plan plan);

struct PlanInput {
    CodeShape shape{};
    uint32_t rows = 0;    // slots that a scan passes over
    uint32_t live = 0;    // rows that exist
    uint32_t allowed = 0; // of them, at most; equal to `live` without a filter
    bool filtered = false;
    uint32_t k = 0;      // answers
    uint32_t ef = 0;     // rows that an unfiltered walk expands
    uint32_t rerank = 0; // rows whose exact distance is computed
    uint32_t batch = 1;  // queries that could share one scan, at most kBatchQueries
};

struct PlanChoice {
    Plan plan = Plan::kNothing;
    double scan_ns =
        0; // what the coded scan is expected to cost, each query's part if it is shared
    bool shared = false; // the scan is cheaper for the whole batch at once
    double walk_ns = 0;  // what the cheapest walk is expected to cost
    // Code distances after which a kTwoHop walk, having spent a quarter of the scan, is given up,
    // and a kNavigate walk, having spent a tenth, goes on only if enough of its pool is allowed.
    uint64_t distance_budget = UINT64_MAX;
    // kNavigate: the pool in which enough allowed rows are expected.
    uint32_t pool = 0;
    // kTwoHop: first walk without the filter with a pool of this size. If the filter agrees with
    // the query, at least `probe_allowed` of it are allowed; if fewer are, scan.
    uint32_t probe_pool = 0;
    uint32_t probe_allowed = 0;
};

PlanChoice choose_plan(const PlanInput& input);

} // namespace vexfs::index
