// SPDX-License-Identifier: Apache-2.0
//
// Wraps faiss::IndexHNSWFlat and faiss::IndexHNSWSQ.
//
// Threads: see the header.
#include "index/adapters/faiss_index.h"

#include <faiss/IndexHNSW.h>

#include "index/adapters/faiss_reference.h"
#include "index/adapters/normalise.h"

namespace vexfs::index {
namespace {

using Graph = std::unique_ptr<faiss::IndexHNSW>;

class FaissIndex final : public FaissReference {
  public:
    FaissIndex(const ForeignShape& shape, Graph graph, size_t row_bytes)
        : FaissReference(shape), row_bytes_(row_bytes), graph_(std::move(graph)) {
        graph_->hnsw.efConstruction = static_cast<int>(shape.build_effort);
    }

    Status insert(uint32_t slot, std::span<const float> vector) override;
    [[nodiscard]] size_t memory_bytes() const override;

  private:
    [[nodiscard]] faiss::Index& library_index() const override { return *graph_; }
    void set_effort(uint32_t effort) const override {
        if (graph_->hnsw.efSearch != static_cast<int>(effort))
            graph_->hnsw.efSearch = static_cast<int>(effort);
    }

    const size_t row_bytes_; // of a vector as it is kept
    const Graph graph_;
};

Status FaissIndex::insert(uint32_t slot, std::span<const float> vector) {
    if (vector.size() != shape().dim || slot >= shape().capacity)
        return fail(Code::kEINVAL, "faiss: slot or dimension is out of range");
    if (slot != graph_->ntotal)
        return fail(Code::kEOPNOTSUPP, "faiss: rows are only appended");
    return guard(fail(Code::kEIO, "faiss: insert"), [&]() -> Status {
        const std::vector<float> unit = unit_rows(shape().metric, vector, vector.size());
        graph_->add(1, unit.empty() ? vector.data() : unit.data());
        return ok();
    });
}

size_t FaissIndex::memory_bytes() const {
    const faiss::HNSW& links = graph_->hnsw;
    return links.neighbors.capacity() * sizeof(links.neighbors[0]) +
           links.offsets.capacity() * sizeof(links.offsets[0]) +
           links.levels.capacity() * sizeof(links.levels[0]) +
           static_cast<size_t>(graph_->ntotal) * row_bytes_;
}

using Made = Result<std::unique_ptr<VectorIndex>>;

// `make` gets dimension, links and FAISS's metric.
template <typename Make>
Made made(const ForeignShape& shape, size_t row_bytes, Make make) {
    if (shape.links < 2 || shape.links > 10'000 || shape.build_effort == 0 ||
        shape.build_effort > 1'000'000)
        return fail(Code::kEINVAL, "faiss: links or effort are out of range");
    return make_faiss_reference(shape, [&] {
        Graph graph = make(static_cast<int>(shape.dim), static_cast<int>(shape.links),
                           faiss_metric(shape.metric));
        return std::make_unique<FaissIndex>(shape, std::move(graph), row_bytes);
    });
}

} // namespace

Made make_faiss_index(const ForeignShape& shape) {
    return made(shape, size_t{shape.dim} * sizeof(float),
                [](int dim, int links, faiss::MetricType metric) -> Graph {
                    return std::make_unique<faiss::IndexHNSWFlat>(dim, links, metric);
                });
}

Made make_faiss_sq8_index(const ForeignShape& shape) {
    return made(shape, shape.dim, [](int dim, int links, faiss::MetricType metric) -> Graph {
        return std::make_unique<faiss::IndexHNSWSQ>(dim, faiss::ScalarQuantizer::QT_8bit, links,
                                                    metric);
    });
}

} // namespace vexfs::index
