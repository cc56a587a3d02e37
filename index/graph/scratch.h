// SPDX-License-Identifier: Apache-2.0
//
// The working memory of one thread that searches or changes graphs: pool, visited bits, candidates.
//
// It grows to the largest request it has served and is used again and again, so that a search
// allocates nothing. One Scratch serves any number of graphs, one after the other.
//
// Threads: one thread each.
#pragma once

#include <cstdint>

#include "base/result.h"
#include "index/graph/aligned_buffer.h"
#include "index/graph/walk.h"
#include "index/kernels/metric.h"

namespace vexfs::index {

class Scratch {
  public:
    // Room for a walk over nodes below `rows` with a pool of `capacity`. ENOMEM.
    Status prepare_walk(uint32_t rows, uint32_t capacity);
    // Room to choose among `candidates` records of `shape`. ENOMEM.
    Status prepare_selection(CodeShape shape, uint32_t candidates);
    // Room for `slots` slots whose exact distances are asked for. ENOMEM.
    Status prepare_answers(size_t slots);

    // A walk over the prepared memory. Its visited bits are clear.
    Walk start_walk(const GraphView& view, const int8_t* query, uint32_t ef, uint32_t capacity);
    // Clears the visited bits again; after every walk.
    void end_walk();

    [[nodiscard]] size_t bytes() const;

    // Candidates that a Selection works on, and the two queries that inserting needs.
    AlignedBuffer<const uint8_t*> records;
    AlignedBuffer<int32_t> record_distances;
    AlignedBuffer<uint32_t> record_nodes;
    AlignedBuffer<uint64_t> sort_keys;
    AlignedBuffer<int8_t> origin;  // the row that is being linked
    AlignedBuffer<int8_t> pivot;   // the row whose links are being chosen again
    AlignedBuffer<int8_t> decoded; // what a Selection decodes

    AlignedBuffer<uint32_t> answer_slots;
    AlignedBuffer<float> answer_distances;
    AlignedBuffer<Neighbor> answers;

    uint32_t epoch_hint = 0;

  private:
    AlignedBuffer<int32_t> pool_distances_;
    AlignedBuffer<uint32_t> pool_nodes_;
    AlignedBuffer<uint32_t> visited_words_;
    AlignedBuffer<uint32_t> touched_;
    VisitedSet visited_{};
};

} // namespace vexfs::index
