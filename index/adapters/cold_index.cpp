// SPDX-License-Identifier: Apache-2.0
//
// Wraps faiss::IndexIVFPQ.
//
// Threads: see the header.
#include "index/adapters/cold_index.h"

#include <algorithm>
#include <faiss/IndexFlat.h>
#include <faiss/IndexIVFPQ.h>
#include <faiss/impl/IDSelector.h>
#include <numeric>
#include <optional>

#include "base/guard.h"
#include "index/adapters/cold_file.h"
#include "index/adapters/faiss_reference.h"
#include "index/adapters/normalise.h"
#include "index/kernels/convert.h"

namespace vexfs::index {
namespace {

// FAISS works with centroids of codes that are one byte each.
constexpr size_t kCodeBits = 8;
constexpr size_t kTrainingRowsMin = 256;

// Lets through the slots of a bitmap.
// Threads: immutable.
class AllowedSlots final : public faiss::IDSelector {
  public:
    explicit AllowedSlots(const BitmapView& allowed) : allowed_(allowed) {}
    bool is_member(idx_t slot) const override {
        return allowed_.contains(static_cast<uint32_t>(slot));
    }

  private:
    const BitmapView& allowed_;
};

class IvfPqIndex final : public ColdIndex {
  public:
    IvfPqIndex(Metric metric, uint32_t dim, uint32_t lists, uint32_t code_bytes)
        : metric_(metric), dim_(dim), centroids_(dim, faiss_metric(metric)),
          index_(&centroids_, dim, lists, code_bytes, kCodeBits, faiss_metric(metric)) {}

    void train(std::span<const float> sample, uint64_t seed);
    void restore(const ColdFile& file);

    Status add(uint32_t first_slot, std::span<const float> rows) override;
    Status search(const ColdSearch& search, const VectorSource& source,
                  std::vector<Neighbor>& out) const override;
    [[nodiscard]] Result<std::vector<std::byte>> to_bytes() const override;
    [[nodiscard]] uint64_t rows() const override { return static_cast<uint64_t>(index_.ntotal); }
    [[nodiscard]] size_t memory_bytes() const override {
        return rows() * (index_.code_size + sizeof(faiss::Index::idx_t)) +
               (index_.nlist + index_.pq.ksub) * dim_ * sizeof(float);
    }

  private:
    [[nodiscard]] std::vector<float> prepared(std::span<const float> rows) const;

    const Metric metric_;
    const uint32_t dim_;
    faiss::IndexFlat centroids_;
    faiss::IndexIVFPQ index_;
};

// Rows as FAISS wants them: of length 1 for cosine.
std::vector<float> IvfPqIndex::prepared(std::span<const float> rows) const {
    if (metric_ == Metric::kCosine)
        return unit_rows(metric_, rows, dim_);
    return {rows.begin(), rows.end()};
}

void IvfPqIndex::train(std::span<const float> sample, uint64_t seed) {
    index_.cp.seed = static_cast<int>(seed & 0x7fffffff);
    index_.cp.min_points_per_centroid = 1;
    index_.pq.cp.seed = index_.cp.seed;
    index_.pq.cp.min_points_per_centroid = 1;
    const std::vector<float> rows = prepared(sample);
    index_.train(static_cast<faiss::Index::idx_t>(rows.size() / dim_), rows.data());
}

void IvfPqIndex::restore(const ColdFile& file) {
    centroids_.add(static_cast<faiss::Index::idx_t>(file.lists.size()), file.centroids.data());
    // The codebooks of all parts, one after the other, as FAISS has them.
    index_.pq.centroids = file.codebooks;
    index_.is_trained = true;
    index_.precompute_table();
    for (size_t i = 0; i < file.lists.size(); ++i) {
        const ColdList& list = file.lists[i];
        const std::vector<faiss::Index::idx_t> slots(list.slots.begin(), list.slots.end());
        if (!slots.empty())
            index_.invlists->add_entries(i, slots.size(), slots.data(), list.codes.data());
        index_.ntotal += static_cast<faiss::Index::idx_t>(slots.size());
    }
}

Status IvfPqIndex::add(uint32_t first_slot, std::span<const float> rows) {
    const uint64_t count = rows.size() / dim_;
    if (rows.size() % dim_ != 0 || count > UINT32_MAX - first_slot)
        return fail(Code::kEINVAL, "cold index: no whole rows, or slots beyond 32 bits");
    return guard(fail(Code::kEIO, "cold index: add"), [&]() -> Status {
        std::vector<faiss::Index::idx_t> slots(count);
        std::iota(slots.begin(), slots.end(), first_slot);
        index_.add_with_ids(static_cast<faiss::Index::idx_t>(count), prepared(rows).data(),
                            slots.data());
        return ok();
    });
}

Status IvfPqIndex::search(const ColdSearch& search, const VectorSource& source,
                          std::vector<Neighbor>& out) const {
    if (search.query.dim != dim_ || search.query.element == Element::kBit || search.k == 0 ||
        search.probes == 0)
        return fail(Code::kEINVAL, "cold index: the query is of another kind, or asks for nothing");
    std::vector<float> query(dim_);
    to_f32(search.query, query.data());
    const uint32_t wanted = std::max(search.k, search.rerank);
    std::vector<uint32_t> slots;
    VEXFS_TRY_VOID(guard(fail(Code::kEIO, "cold index: search"), [&]() -> Status {
        std::optional<AllowedSlots> selector;
        faiss::IVFPQSearchParameters parameters;
        parameters.nprobe = std::min<size_t>(search.probes, index_.nlist);
        if (search.allowed != nullptr)
            parameters.sel = &selector.emplace(*search.allowed);
        std::vector<float> distances(wanted);
        std::vector<faiss::Index::idx_t> found(wanted);
        index_.search(1, prepared(query).data(), wanted, distances.data(), found.data(),
                      &parameters);
        for (faiss::Index::idx_t slot : found) {
            if (slot >= 0)
                slots.push_back(static_cast<uint32_t>(slot));
        }
        return ok();
    }));
    std::vector<float> exact(slots.size());
    VEXFS_TRY_VOID(source.exact_distances(search.query, slots, exact));
    out.clear();
    for (size_t i = 0; i < slots.size(); ++i)
        out.push_back({slots[i], exact[i]});
    std::sort(out.begin(), out.end());
    out.resize(std::min<size_t>(search.k, out.size()));
    return ok();
}

Result<std::vector<std::byte>> IvfPqIndex::to_bytes() const {
    return guard(fail(Code::kENOMEM, "cold index: save"), [&]() -> Result<std::vector<std::byte>> {
        ColdFile file{metric_, dim_, static_cast<uint32_t>(index_.code_size), {}, {}, {}};
        file.centroids.assign(centroids_.get_xb(), centroids_.get_xb() + index_.nlist * dim_);
        file.codebooks = index_.pq.centroids;
        for (size_t i = 0; i < index_.nlist; ++i) {
            const size_t count = index_.invlists->list_size(i);
            faiss::InvertedLists::ScopedIds ids(index_.invlists, i);
            faiss::InvertedLists::ScopedCodes codes(index_.invlists, i);
            ColdList list;
            list.slots.assign(ids.get(), ids.get() + count);
            list.codes.assign(codes.get(), codes.get() + count * index_.code_size);
            file.lists.push_back(std::move(list));
        }
        return cold_file_bytes(file);
    });
}

using Made = Result<std::unique_ptr<ColdIndex>>;

} // namespace

Made ColdIndex::train(const ColdShape& shape, std::span<const float> sample) {
    if (!faiss_takes(shape.metric, shape.dim) || shape.lists == 0 || shape.lists > kColdListsMax ||
        shape.code_bytes == 0 || shape.dim % shape.code_bytes != 0)
        return fail(Code::kEINVAL, "cold index: the shape is out of range");
    const size_t rows = sample.size() / shape.dim;
    if (sample.size() % shape.dim != 0 || rows < kTrainingRowsMin || rows < shape.lists)
        return fail(Code::kEINVAL, "cold index: the sample is too small");
    return guard(fail(Code::kEIO, "cold index: train"), [&]() -> Made {
        auto index =
            std::make_unique<IvfPqIndex>(shape.metric, shape.dim, shape.lists, shape.code_bytes);
        index->train(sample, shape.seed);
        return std::unique_ptr<ColdIndex>(std::move(index));
    });
}

Made ColdIndex::from_bytes(Bytes bytes) {
    return guard(fail(Code::kEBADMSG, "cold index: load"), [&]() -> Made {
        const ColdFile file = VEXFS_TRY(parse_cold_file(bytes));
        auto index = std::make_unique<IvfPqIndex>(
            file.metric, file.dim, static_cast<uint32_t>(file.lists.size()), file.code_bytes);
        index->restore(file);
        return std::unique_ptr<ColdIndex>(std::move(index));
    });
}

} // namespace vexfs::index
