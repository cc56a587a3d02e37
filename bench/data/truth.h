// SPDX-License-Identifier: Apache-2.0
//
// Exact answers by comparing every query with every row, and the recall of other answers against
// them.
//
// The distances are computed here, in plain code of its own, so that neither an index under test
// nor its kernels are their own judge. Rows that are as near as the last true one count as found:
// with duplicates in a set there is more than one right answer. A row that is answered twice counts
// once.
//
// Threads: exact_truth runs `threads` of its own; the rest is pure.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "bench/data/formats.h"
#include "bench/data/matrix.h"
#include "index/kernels/bitmap.h"

namespace vexfs {

// Distances from queries to rows in the unit of the metric (kL2, kCosine, kDot), in float with
// blocked sums. Threads: immutable.
class ExactDistance {
  public:
    ExactDistance(index::Metric metric, const Matrix& base, const Matrix& queries);

    [[nodiscard]] float between(size_t query, size_t row) const;
    [[nodiscard]] size_t rows() const { return base_.size() / dim_; }
    [[nodiscard]] size_t queries() const { return queries_.size() / dim_; }

  private:
    index::Metric metric_;
    uint32_t dim_;
    std::vector<float> base_; // normalised under kCosine, as are the queries
    std::vector<float> queries_;
};

// The `depth` nearest rows of every query, of those in `allowed` if it is not null. Where fewer are
// allowed the rest of the query's answers is kNoRow.
constexpr uint32_t kNoRow = UINT32_MAX;
Truth exact_truth(const ExactDistance& distance, uint32_t depth, const index::BitmapView* allowed,
                  uint32_t threads);

// How many of the first k true rows of `query` are among `found`.
uint32_t count_found(const ExactDistance& distance, const Truth& truth, size_t query, uint32_t k,
                     std::span<const uint32_t> found);

} // namespace vexfs
