// SPDX-License-Identifier: Apache-2.0
//
// A whole index in memory: vectors, codec, graph and planner behind put, remove and search.
//
// For a program that wants nothing else. Whoever keeps the vectors elsewhere, persists the graph or
// works in the background puts the same parts together itself.
//
// Threads: search() from any number of threads; put() and remove() from any number of threads
// meanwhile, of one slot from one at a time. One SearchScratch per thread.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/result.h"
#include "index/codec/train.h"
#include "index/flat/vector_table.h"
#include "index/graph/graph.h"
#include "index/planner/searcher.h"

namespace vexfs::index {

struct IndexOptions {
    uint32_t ef_construction = 200;
    uint64_t seed = 1;
    Isa isa = chosen_isa();
};

class Index {
  public:
    // An empty index for vectors of the sample's element, metric and dim. Its codes are learned
    // from the sample, a few thousand vectors like those that will be put. EINVAL, ENOMEM.
    static Result<std::unique_ptr<Index>> create(const TrainingTable& sample,
                                                 const IndexOptions& options);

    // Stores the vector under a slot that has none. When this returns every search finds it. EINVAL
    // if the vector is of another kind or not finite, EEXIST if the slot has one, EFBIG, ENOMEM.
    Status put(uint32_t slot, VectorView vector, SearchScratch& scratch);

    // Hides the row from every search that begins afterwards. ENOENT if the slot has none. The slot
    // must not be put again: its vector stays in memory.
    Status remove(uint32_t slot) { return graph_->remove(slot); }

    // See searcher.h.
    Result<SearchReport> search(const SearchRequest& request, SearchScratch& scratch,
                                std::vector<Neighbor>& found) const {
        return index::search(target(), request, scratch, found);
    }

    [[nodiscard]] uint32_t live_rows() const { return graph_->live_rows(); }
    [[nodiscard]] const Codec& codec() const { return codec_; }
    [[nodiscard]] const VectorTable& vectors() const { return vectors_; }
    [[nodiscard]] const Graph& graph() const { return *graph_; }
    [[nodiscard]] SearchTarget target() const { return {graph_.get(), &codec_, source_.get()}; }
    // What every search walks, and the vectors that only re-ranking reads.
    [[nodiscard]] size_t hot_bytes() const {
        return graph_->memory().total() + codec_.memory_bytes();
    }
    [[nodiscard]] size_t cold_bytes() const { return vectors_.memory_bytes(); }

  private:
    Index(Codec codec, std::unique_ptr<Graph> graph);

    Codec codec_;
    VectorTable vectors_;
    std::unique_ptr<TableSource> source_;
    std::unique_ptr<Graph> graph_;
};

} // namespace vexfs::index
