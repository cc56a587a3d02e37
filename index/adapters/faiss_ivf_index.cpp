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

#include "index/adapters/faiss_reference.h"

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

class FaissIvfIndex final : public FaissReference {
  public:
    explicit FaissIvfIndex(const ForeignShape& shape)
        : FaissReference(shape), centroids_(shape.dim, faiss_metric(shape.metric)),
          lists_(&centroids_, shape.dim, ivf_lists(shape.capacity), codes_of(shape.dim), kCodeBits,
                 faiss_metric(shape.metric), kBlock),
          refined_(&lists_) {
        lists_.cp.seed = static_cast<int>(shape.seed & 0x7fffffff);
        lists_.cp.min_points_per_centroid = 1;
        lists_.pq.cp.seed = lists_.cp.seed;
        lists_.pq.cp.min_points_per_centroid = 1;
    }

    [[nodiscard]] size_t memory_bytes() const override;
    [[nodiscard]] size_t cold_bytes() const override {
        return static_cast<size_t>(refined_.ntotal) * shape().dim * sizeof(float);
    }

  private:
    [[nodiscard]] faiss::Index& library_index() const override { return refined_; }
    void set_effort(uint32_t packed) const override;

    faiss::IndexFlat centroids_;
    // The effort of a search is in these.
    mutable faiss::IndexIVFPQFastScan lists_;
    mutable faiss::IndexRefineFlat refined_;
};

void FaissIvfIndex::set_effort(uint32_t packed) const {
    const IvfEffort effort = IvfEffort::of(packed);
    const size_t probes = std::clamp<size_t>(effort.probes, 1, lists_.nlist);
    if (lists_.nprobe != probes)
        lists_.nprobe = probes;
    const auto factor = static_cast<float>(std::max(1U, effort.factor));
    if (refined_.k_factor != factor)
        refined_.k_factor = factor;
}

size_t FaissIvfIndex::memory_bytes() const {
    size_t bytes = cold_bytes() + lists_.nlist * shape().dim * sizeof(float) +
                   lists_.pq.centroids.size() * sizeof(float);
    for (size_t list = 0; list < lists_.nlist; ++list) {
        const size_t rows = lists_.invlists->list_size(list);
        const size_t in_blocks = (rows + kBlock - 1) / kBlock * kBlock;
        bytes += rows * sizeof(faiss::Index::idx_t) + in_blocks * lists_.M2 * kCodeBits / 8;
    }
    return bytes;
}

} // namespace

uint32_t ivf_lists(uint64_t rows) {
    const auto wanted = static_cast<uint64_t>(4 * std::sqrt(static_cast<double>(rows)));
    return static_cast<uint32_t>(std::clamp<uint64_t>(wanted, 1, rows / kTrainingRows + 1));
}

Result<std::unique_ptr<VectorIndex>> make_faiss_ivf_index(const ForeignShape& shape) {
    if (shape.capacity == 0)
        return fail(Code::kEINVAL, "faiss: lists of no rows");
    return make_faiss_reference(shape, [&] { return std::make_unique<FaissIvfIndex>(shape); });
}

} // namespace vexfs::index
