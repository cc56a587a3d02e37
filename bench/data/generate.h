// SPDX-License-Identifier: Apache-2.0
//
// Vector sets with a stated structure, and filters with a stated relation to the queries, from a
// seed.
//
// A clustered set: every cluster has a centre in a latent space of few dimensions and a weight
// drawn from a lognormal distribution (the largest of 1,000 clusters holds some 30 times the
// median). A point is its centre plus a normal offset, sent through a fixed random two-layer
// leaky-ReLU network into `dim` dimensions, plus white noise of `noise_percent` of the signal's
// size. Queries come from the same distribution and are no rows of the base. The latent dimension
// bounds the intrinsic one; the noise adds a little in every direction.
//
// Threads: pure; the same seed gives the same set.
#pragma once

#include <cstdint>
#include <vector>

#include "bench/data/matrix.h"
#include "index/kernels/bitmap.h"

namespace vexfs {

struct ClusteredShape {
    uint32_t rows = 100'000;
    uint32_t queries = 2'000;
    uint32_t dim = 128;
    uint32_t latent_dim = 24;
    uint32_t clusters = 1'000;
    double noise_percent = 5;
    bool normalised = true; // to L2 length 1
    uint64_t seed = 1;
};

struct VectorSet {
    Matrix base;
    Matrix queries;
};

// Needs 1 <= latent_dim, dim <= kMaxDim and clusters, rows, queries >= 1.
VectorSet generate_clustered(const ClusteredShape& shape);

// Which rows a filter lets through, and the queries that go with it.
struct DrawnFilter {
    index::Bitmap allowed;
    std::vector<uint32_t> queries; // numbers of query rows, ascending
};

// `percent` of the rows, at least one, drawn at random; all queries.
DrawnFilter random_filter(const VectorSet& set, double percent, uint64_t seed);

// The `percent` of the rows that lie farthest along the direction between two rows of the set, and
// of the queries the half that lies on the other side: what a query is near to is what the filter
// forbids.
DrawnFilter opposed_filter(const VectorSet& set, double percent, uint64_t seed);

} // namespace vexfs
