// SPDX-License-Identifier: Apache-2.0
//
// What a search is asked for and what it answers.
//
// Threads: values; one thread each.
#pragma once

#include <cstdint>
#include <span>

#include "base/result.h"
#include "index/graph/walk.h"
#include "index/kernels/bitmap.h"
#include "index/kernels/metric.h"
#include "index/kernels/vector_source.h"

namespace vexfs::index {

struct GraphCore;
class Scratch;

// How a filtered search moves.
enum class FilterWalk : uint8_t {
    kNavigate, // over all rows, keeping the allowed ones: for filters that allow much
    kTwoHop, // from allowed row to allowed row, across one that is not: for filters that allow less
};

struct GraphQuery {
    const int8_t* code;         // code_query_bytes(shape) bytes at a 64-byte boundary
    VectorView vector;          // what `source` measures from
    const VectorSource* source; // lent
};

struct SearchParams {
    uint32_t k = 10;
    uint32_t ef = 64;                    // how many of the nearest rows are expanded, at least 1
    uint32_t rerank = 0;                 // exact distances to compute, at least k; 0: twice k
    uint32_t width = kMaxWidth;          // nodes expanded at a time, 1..kMaxWidth
    const BitmapView* allowed = nullptr; // only these rows; nullptr: every row
    FilterWalk filter_walk = FilterWalk::kNavigate;
    uint64_t distance_budget = UINT64_MAX; // code distances after which the walk is given up
    // The walk is given up when it becomes non-zero (read atomically).
    const uint8_t* cancel = nullptr;
    int64_t deadline_ns = 0; // CLOCK_MONOTONIC, 0: none
};

// What a search cost: the counters of EXPLAIN.
struct SearchCost {
    uint64_t hops = 0;      // rows whose links were followed
    uint64_t distances = 0; // between codes
    uint64_t reranked = 0;  // exact distances
    uint64_t walks = 0;     // more than one: the first found too few
    uint64_t bytes = 0;     // of codes and links read
};

struct SearchOutcome {
    uint32_t found = 0;           // answers written
    WalkEnd end = WalkEnd::kDone; // why the walk ended; the answers hold in any case
    bool exhausted = false;       // every row that can be reached was looked at
    SearchCost cost;
};

// The k nearest rows that are alive and allowed, nearest first, into `out` (at least k entries).
// Fewer than k are found only if the walk was given up, or if no more can be reached
// (outcome.exhausted).
Result<SearchOutcome> search_rows(const GraphCore& core, const GraphQuery& query,
                                  const SearchParams& params, Scratch& scratch,
                                  std::span<Neighbor> out);

// All rows within `radius` (exact distance <= radius) that the walk finds, nearest first, at most
// out.size(). The pool is widened from params.ef until its far end lies outside; params.k and
// params.rerank are not used. A full `out` holds the nearest ones.
Result<SearchOutcome> search_radius_rows(const GraphCore& core, const GraphQuery& query,
                                         float radius, const SearchParams& params, Scratch& scratch,
                                         std::span<Neighbor> out);

} // namespace vexfs::index
