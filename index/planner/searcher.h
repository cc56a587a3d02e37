// SPDX-License-Identifier: Apache-2.0
//
// The front door of the index: one search, by whatever way is cheapest, with an account of it.
//
// Codes and links come from a graph, exact distances from a VectorSource. A search returns the k
// nearest rows that are alive and allowed; fewer only if there are no more (or none within the
// radius). A walk that finds fewer is followed by a scan.
//
// Threads: search() from any number of threads, one SearchScratch each, while rows are inserted,
// removed and consolidated.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

#include "base/result.h"
#include "index/codec/codec.h"
#include "index/flat/scan.h"
#include "index/graph/graph.h"
#include "index/kernels/bitmap.h"
#include "index/kernels/vector_source.h"
#include "index/planner/plan.h"

namespace vexfs::index {

// What is searched. All lent; the graph holds records of the codec's generation.
struct SearchTarget {
    const Graph* graph;
    const Codec* codec;
    const VectorSource* source;
};

constexpr uint32_t kEfDefault = 64;

struct SearchRequest {
    VectorView query;
    uint32_t k = 10;
    // How many of the nearest rows a walk expands; may be below k. 0: kEfDefault or k, the larger.
    uint32_t ef = 0;
    uint32_t rerank = 0; // exact distances to compute, raised to k; 0: default_rerank()
    // Only rows at most this far, in the unit of the metric.
    float radius = std::numeric_limits<float>::infinity();
    const BitmapView* allowed = nullptr; // only these rows; null: every row
    bool exact = false;                  // by exact distances alone
    // This plan and no other, without a limit to what a walk may spend; for measuring plans against
    // each other. kNavigate and kTwoHop need a filter. A walk that fails is followed by a scan.
    std::optional<Plan> forced{};
    ScanStop stop{};
};

// EXPLAIN.
struct SearchReport {
    Plan plan = Plan::kNothing; // what the answer comes from
    bool walk_given_up = false; // a walk cost too much or found too few, and a scan followed
    bool exact = false;         // every row that matches was compared by its exact distance
    bool beyond_radius = false; // there are rows that match, but for the radius
    bool cut_short = false;     // of groups: more rows than the limit would have to be searched
    uint32_t found = 0;
    uint64_t hops = 0;            // rows whose links were followed
    uint64_t code_distances = 0;  // of walks and scans
    uint64_t exact_distances = 0; // asked of the source
    uint64_t bytes = 0;           // of codes and links
    double scan_ns_expected = 0;
    double walk_ns_expected = 0;
};

// The working memory of one thread's searches. It grows to the largest request.
// Threads: one thread each.
struct SearchScratch {
    Scratch walk;
    ScanScratch scan;
    QueryCode code{};
    std::vector<uint32_t> slots;
    std::vector<float> distances;
    std::vector<Neighbor> neighbors;
};

// How many rows get an exact distance unless the request says so: as many for each of k as training
// found to be needed, but no more than `most` or k, whichever is more. A search lets that be twice
// its ef, so that a smaller ef is less work throughout.
uint32_t default_rerank(const Codec& codec, uint32_t k, uint32_t most);

// The nearest rows, nearest first, into `found`. EINVAL if k is 0, the radius is NaN, or the query
// is not of the codec's element and dim or not valid; ECANCELED and ETIMEDOUT as ScanStop says;
// what the source returns.
Result<SearchReport> search(const SearchTarget& target, const SearchRequest& request,
                            SearchScratch& scratch, std::vector<Neighbor>& found);

} // namespace vexfs::index
