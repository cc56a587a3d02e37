// SPDX-License-Identifier: Apache-2.0
//
// Wraps faiss::IndexHNSWFlat and faiss::IndexHNSWSQ.
//
// Threads: see the header.
#include "index/adapters/faiss_index.h"

#include <faiss/IndexHNSW.h>
#include <faiss/index_io.h>
#include <omp.h>

#include "base/guard.h"
#include "index/adapters/normalise.h"

namespace vexfs::index {
namespace {

using Graph = std::unique_ptr<faiss::IndexHNSW>;

class FaissIndex final : public VectorIndex {
  public:
    FaissIndex(const ForeignShape& shape, Graph graph, size_t row_bytes)
        : shape_(shape), row_bytes_(row_bytes), graph_(std::move(graph)) {
        graph_->hnsw.efConstruction = static_cast<int>(shape.build_effort);
    }

    Status build(std::span<const float> rows, uint32_t threads) override;
    Status insert(uint32_t slot, std::span<const float> vector) override;
    Status remove(uint32_t) override {
        return fail(Code::kEOPNOTSUPP, "faiss: an HNSW index removes no rows");
    }
    Status restrict_to(const BitmapView* allowed) override {
        return allowed == nullptr
                   ? ok()
                   : Status(fail(Code::kEOPNOTSUPP, "faiss: an HNSW index has no filter"));
    }
    Status search(std::span<const float> query, uint32_t k, uint32_t effort,
                  std::vector<Neighbor>& out) const override;
    Status save(const std::string& path) override {
        return guard(fail(Code::kEIO, "faiss: save"), [&]() -> Status {
            faiss::write_index(graph_.get(), path.c_str());
            return ok();
        });
    }
    [[nodiscard]] size_t memory_bytes() const override;

  private:
    const ForeignShape shape_;
    const size_t row_bytes_; // of a vector as it is kept
    // The library keeps ef in the index: a search with another effort than the last one sets it
    // first.
    const Graph graph_;
};

Status FaissIndex::build(std::span<const float> rows, uint32_t threads) {
    if (rows.size() / shape_.dim > shape_.capacity || graph_->ntotal != 0)
        return fail(Code::kEINVAL, "faiss: more rows than the capacity, or a second build");
    return guard(fail(Code::kEIO, "faiss: build"), [&]() -> Status {
        omp_set_num_threads(static_cast<int>(threads));
        const std::vector<float> unit = unit_rows(shape_.metric, rows, shape_.dim);
        const auto count = static_cast<faiss::Index::idx_t>(rows.size() / shape_.dim);
        const float* const first = unit.empty() ? rows.data() : unit.data();
        if (!graph_->is_trained)
            graph_->train(count, first);
        graph_->add(count, first);
        omp_set_num_threads(1);
        return ok();
    });
}

Status FaissIndex::insert(uint32_t slot, std::span<const float> vector) {
    if (vector.size() != shape_.dim || slot >= shape_.capacity)
        return fail(Code::kEINVAL, "faiss: slot or dimension is out of range");
    if (slot != graph_->ntotal)
        return fail(Code::kEOPNOTSUPP, "faiss: rows are only appended");
    return guard(fail(Code::kEIO, "faiss: insert"), [&]() -> Status {
        const std::vector<float> row = shape_.metric == Metric::kCosine
                                           ? normalised(vector)
                                           : std::vector<float>(vector.begin(), vector.end());
        graph_->add(1, row.data());
        return ok();
    });
}

Status FaissIndex::search(std::span<const float> query, uint32_t k, uint32_t effort,
                          std::vector<Neighbor>& out) const {
    if (query.size() != shape_.dim || k == 0)
        return fail(Code::kEINVAL, "faiss: the query has another dimension, or k is 0");
    return guard(fail(Code::kEIO, "faiss: search"), [&]() -> Status {
        omp_set_num_threads(1); // each thread that searches has a number of its own
        if (graph_->hnsw.efSearch != static_cast<int>(effort))
            graph_->hnsw.efSearch = static_cast<int>(effort);
        std::vector<float> distances(k);
        std::vector<faiss::Index::idx_t> rows(k);
        const std::vector<float> unit = unit_rows(shape_.metric, query, shape_.dim);
        graph_->search(1, unit.empty() ? query.data() : unit.data(), k, distances.data(),
                       rows.data());
        out.clear();
        for (size_t i = 0; i < k && rows[i] >= 0; ++i)
            out.push_back(
                {static_cast<uint32_t>(rows[i]), distance_of_library(shape_.metric, distances[i])});
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
Made checked(const ForeignShape& shape, size_t row_bytes, Make make) {
    const bool known = shape.metric == Metric::kL2 || shape.metric == Metric::kCosine ||
                       shape.metric == Metric::kDot;
    if (!known || shape.dim == 0 || shape.dim > kMaxDim || shape.capacity > 0x7fffffff ||
        shape.links < 2 || shape.links > 10'000 || shape.build_effort == 0 ||
        shape.build_effort > 1'000'000)
        return fail(Code::kEINVAL, "faiss: the shape is out of range");
    return guard(fail(Code::kENOMEM, "faiss: create"), [&]() -> Made {
        const auto metric =
            shape.metric == Metric::kL2 ? faiss::METRIC_L2 : faiss::METRIC_INNER_PRODUCT;
        Graph graph = make(static_cast<int>(shape.dim), static_cast<int>(shape.links), metric);
        return std::unique_ptr<VectorIndex>(
            std::make_unique<FaissIndex>(shape, std::move(graph), row_bytes));
    });
}

} // namespace

Made make_faiss_index(const ForeignShape& shape) {
    return checked(shape, size_t{shape.dim} * sizeof(float),
                   [](int dim, int links, faiss::MetricType metric) -> Graph {
                       return std::make_unique<faiss::IndexHNSWFlat>(dim, links, metric);
                   });
}

Made make_faiss_sq8_index(const ForeignShape& shape) {
    return checked(shape, shape.dim, [](int dim, int links, faiss::MetricType metric) -> Graph {
        return std::make_unique<faiss::IndexHNSWSQ>(dim, faiss::ScalarQuantizer::QT_8bit, links,
                                                    metric);
    });
}

} // namespace vexfs::index
