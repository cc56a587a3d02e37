// SPDX-License-Identifier: Apache-2.0
//
// Wraps faiss::IndexIVFPQFastScan in faiss::IndexRefineFlat.
//
// Threads: see the header.
#include "index/adapters/faiss_ivf_index.h"

#include <algorithm>
#include <cmath>
#include <faiss/IndexFlat.h>
#include <faiss/IndexIVFPQFastScan.h>
#include <faiss/IndexRefine.h>
#include <faiss/index_io.h>
#include <omp.h>

#include "base/guard.h"
#include "index/adapters/normalise.h"

namespace vexfs::index {
namespace {

constexpr size_t kCodeBits = 4;
constexpr int kBlock = 32;             // rows that the scan compares at once
constexpr uint64_t kTrainingRows = 39; // of a centroid, with fewer FAISS warns

// Two elements a code, or the least number of elements over that which divides the dimension.
size_t codes_of(uint32_t dim) {
    uint32_t codes = std::max(1U, dim / 2);
    while (dim % codes != 0)
        --codes;
    return codes;
}

faiss::MetricType library_metric(Metric metric) {
    return metric == Metric::kL2 ? faiss::METRIC_L2 : faiss::METRIC_INNER_PRODUCT;
}

class FaissIvfIndex final : public VectorIndex {
  public:
    explicit FaissIvfIndex(const ForeignShape& shape)
        : shape_(shape), centroids_(shape.dim, library_metric(shape.metric)),
          lists_(&centroids_, shape.dim, ivf_lists(shape.capacity), codes_of(shape.dim), kCodeBits,
                 library_metric(shape.metric), kBlock),
          refined_(&lists_) {
        lists_.cp.seed = static_cast<int>(shape.seed & 0x7fffffff);
        lists_.cp.min_points_per_centroid = 1;
        lists_.pq.cp.seed = lists_.cp.seed;
        lists_.pq.cp.min_points_per_centroid = 1;
    }

    Status build(std::span<const float> rows, uint32_t threads) override;
    Status insert(uint32_t, std::span<const float>) override { return single_rows(); }
    Status remove(uint32_t) override { return single_rows(); }
    Status restrict_to(const BitmapView* allowed) override {
        return allowed == nullptr
                   ? ok()
                   : Status(fail(Code::kEOPNOTSUPP, "faiss: a fast scan has no filter"));
    }
    Status search(std::span<const float> query, uint32_t k, uint32_t effort,
                  std::vector<Neighbor>& out) const override;
    Status save(const std::string& path) override {
        return guard(fail(Code::kEIO, "faiss: save"), [&]() -> Status {
            faiss::write_index(&refined_, path.c_str());
            return ok();
        });
    }
    [[nodiscard]] size_t memory_bytes() const override;
    [[nodiscard]] size_t cold_bytes() const override {
        return static_cast<size_t>(refined_.ntotal) * shape_.dim * sizeof(float);
    }

  private:
    static Status single_rows() {
        return fail(Code::kEOPNOTSUPP, "faiss: the lists are made of all rows at once");
    }
    void set_effort(uint32_t packed) const;

    const ForeignShape shape_;
    faiss::IndexFlat centroids_;
    // The library keeps the effort in the index: a search with another one than the last sets it
    // first.
    mutable faiss::IndexIVFPQFastScan lists_;
    mutable faiss::IndexRefineFlat refined_;
};

Status FaissIvfIndex::build(std::span<const float> rows, uint32_t threads) {
    if (rows.size() / shape_.dim > shape_.capacity || refined_.ntotal != 0)
        return fail(Code::kEINVAL, "faiss: more rows than the capacity, or a second build");
    return guard(fail(Code::kEIO, "faiss: build"), [&]() -> Status {
        omp_set_num_threads(static_cast<int>(threads));
        const std::vector<float> unit = unit_rows(shape_.metric, rows, shape_.dim);
        const auto count = static_cast<faiss::Index::idx_t>(rows.size() / shape_.dim);
        const float* const first = unit.empty() ? rows.data() : unit.data();
        refined_.train(count, first);
        refined_.add(count, first);
        omp_set_num_threads(1);
        return ok();
    });
}

void FaissIvfIndex::set_effort(uint32_t packed) const {
    const IvfEffort effort = IvfEffort::of(packed);
    const size_t probes = std::clamp<size_t>(effort.probes, 1, lists_.nlist);
    if (lists_.nprobe != probes)
        lists_.nprobe = probes;
    const auto factor = static_cast<float>(std::max(1U, effort.factor));
    if (refined_.k_factor != factor)
        refined_.k_factor = factor;
}

Status FaissIvfIndex::search(std::span<const float> query, uint32_t k, uint32_t effort,
                             std::vector<Neighbor>& out) const {
    if (query.size() != shape_.dim || k == 0)
        return fail(Code::kEINVAL, "faiss: the query has another dimension, or k is 0");
    return guard(fail(Code::kEIO, "faiss: search"), [&]() -> Status {
        omp_set_num_threads(1); // each thread that searches has a number of its own
        set_effort(effort);
        std::vector<float> distances(k);
        std::vector<faiss::Index::idx_t> rows(k);
        const std::vector<float> unit = unit_rows(shape_.metric, query, shape_.dim);
        refined_.search(1, unit.empty() ? query.data() : unit.data(), k, distances.data(),
                        rows.data());
        out.clear();
        for (size_t i = 0; i < k; ++i) {
            if (rows[i] >= 0)
                out.push_back({static_cast<uint32_t>(rows[i]),
                               distance_of_library(shape_.metric, distances[i])});
        }
        return ok();
    });
}

size_t FaissIvfIndex::memory_bytes() const {
    size_t bytes = cold_bytes() + lists_.nlist * shape_.dim * sizeof(float) +
                   lists_.pq.centroids.size() * sizeof(float);
    for (size_t list = 0; list < lists_.nlist; ++list) {
        const size_t rows = lists_.invlists->list_size(list);
        const size_t in_blocks = (rows + kBlock - 1) / kBlock * kBlock;
        bytes += rows * sizeof(faiss::Index::idx_t) + in_blocks * lists_.M2 * kCodeBits / 8;
    }
    return bytes;
}

using Made = Result<std::unique_ptr<VectorIndex>>;

} // namespace

uint32_t ivf_lists(uint64_t rows) {
    const auto wanted = static_cast<uint64_t>(4 * std::sqrt(static_cast<double>(rows)));
    return static_cast<uint32_t>(std::clamp<uint64_t>(wanted, 1, rows / kTrainingRows + 1));
}

Made make_faiss_ivf_index(const ForeignShape& shape) {
    const bool known = shape.metric == Metric::kL2 || shape.metric == Metric::kCosine ||
                       shape.metric == Metric::kDot;
    if (!known || shape.dim == 0 || shape.dim > kMaxDim || shape.capacity == 0 ||
        shape.capacity > 0x7fffffff)
        return fail(Code::kEINVAL, "faiss: the shape is out of range");
    return guard(fail(Code::kENOMEM, "faiss: create"), [&]() -> Made {
        return std::unique_ptr<VectorIndex>(std::make_unique<FaissIvfIndex>(shape));
    });
}

} // namespace vexfs::index
