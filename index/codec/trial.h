// SPDX-License-Identifier: Apache-2.0
//
// How well a codec's order agrees with exact distances, measured on rows that it was not trained
// on.
//
// Threads: immutable once made; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "index/codec/codec.h"
#include "index/codec/train.h"

namespace vexfs::index {

// How many rows a trial re-ranks at most.
constexpr size_t kTrialDepths[] = {14, 20, 30, 40};

// Rows of a table by number: those that are asked and those that are searched.
struct HeldOut {
    std::vector<uint32_t> queries;
    std::vector<uint32_t> base;
};

// Rows `limit` at most, evenly drawn from the table; one in twenty is held out as a query, none if
// there are too few rows for a measurement to mean anything.
HeldOut hold_out(size_t count, size_t limit);

class TrialGround {
  public:
    // Computes the exact distances. The table and the numbers outlive it. EINVAL as
    // Distance::make().
    static Result<TrialGround> make(const TrainingTable& table, const HeldOut& rows);

    // Fills sample_recall and rerank_depth: the smallest depth that reaches `wanted`, or the
    // largest.
    void measure(const Codec& codec, float wanted, CodecQuality& quality) const;

  private:
    TrialGround(const TrainingTable& table, const HeldOut& rows) : table_(&table), rows_(&rows) {}

    // How many of the nearest each depth finds for one query, from the code distances of all base
    // rows.
    void count_found(size_t query, const std::vector<int32_t>& distances, size_t* found) const;

    const TrainingTable* table_;
    const HeldOut* rows_;
    std::vector<uint32_t> base_;  // a subset of the base rows that is small enough
    std::vector<float> exact_;    // queries * base_
    std::vector<float> farthest_; // per query: the distance of its last wanted neighbour
};

} // namespace vexfs::index
