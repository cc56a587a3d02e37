// SPDX-License-Identifier: Apache-2.0
//
// Wraps hnswlib::HierarchicalNSW<float>.
//
// Threads: see the header.
#include "index/adapters/hnswlib_index.h"

#include <thread>

#include "base/assert.h"
#include "base/guard.h"
#include "base/mutex.h"
#include "index/adapters/hnswlib_distance.h"
#include "index/adapters/hnswlib_header.h"
#include "index/adapters/normalise.h"

namespace {
#include <hnswlib/hnswlib.h>
} // namespace

namespace vexfs::index {
namespace {

// Tells hnswlib where the distance function is and how long a vector is.
class Space final : public hnswlib::SpaceInterface<float> {
  public:
    Space(Isa isa, Metric metric, size_t dim)
        : dim_(dim), distance_(hnswlib_distance(isa, metric, dim)) {}
    size_t get_data_size() override { return dim_ * sizeof(float); }
    hnswlib::DISTFUNC<float> get_dist_func() override { return distance_; }
    void* get_dist_func_param() override { return &dim_; }

  private:
    size_t dim_;
    HnswlibDistance distance_;
};

class HnswlibIndex final : public VectorIndex {
  public:
    HnswlibIndex(const ForeignShape& shape, Isa isa)
        : shape_(shape), space_(isa, shape.metric, shape.dim),
          graph_(&space_, shape.capacity, shape.links, shape.build_effort, shape.seed),
          removed_(shape.capacity), present_(shape.capacity) {}

    Status build(std::span<const float> rows, uint32_t threads) override;
    Status insert(uint32_t slot, std::span<const float> vector) override;
    Status remove(uint32_t slot) override;
    Status restrict_to(const BitmapView* allowed) override;
    Status search(std::span<const float> query, uint32_t k, uint32_t effort,
                  std::vector<Neighbor>& out) const override;
    Status save(const std::string& path) override;
    [[nodiscard]] size_t memory_bytes() const override;

  private:
    Status add(uint32_t slot, std::span<const float> vector);
    Status hide(uint32_t slot, bool hidden);

    const ForeignShape shape_;
    Space space_;
    // The library keeps ef in the index: a search with another effort than the last one sets it
    // first.
    mutable hnswlib::HierarchicalNSW<float> graph_;
    Bitmap removed_;
    Bitmap present_;
};

Status HnswlibIndex::add(uint32_t slot, std::span<const float> vector) {
    return guard(fail(Code::kEIO, "hnswlib: insert"), [&]() -> Status {
        if (shape_.metric == Metric::kCosine) {
            const std::vector<float> unit = normalised(vector);
            graph_.addPoint(unit.data(), slot);
        } else {
            graph_.addPoint(vector.data(), slot);
        }
        return ok();
    });
}

Status HnswlibIndex::build(std::span<const float> rows, uint32_t threads) {
    VEXFS_ASSERT(rows.size() % shape_.dim == 0 && rows.size() / shape_.dim <= shape_.capacity);
    const auto count = static_cast<uint32_t>(rows.size() / shape_.dim);
    std::atomic<uint32_t> next{0};
    Mutex mutex;
    Status first_error = ok();
    const auto work = [&] {
        for (uint32_t slot = next.fetch_add(1); slot < count; slot = next.fetch_add(1)) {
            Status added = add(slot, rows.subspan(size_t{slot} * shape_.dim, shape_.dim));
            if (!added) {
                const MutexLock lock(mutex);
                first_error = added;
                return;
            }
        }
    };
    std::vector<std::thread> workers;
    for (uint32_t i = 1; i < threads; ++i)
        workers.emplace_back(work);
    work();
    for (std::thread& worker : workers)
        worker.join();
    for (uint32_t slot = 0; slot < count; ++slot)
        present_.add(slot);
    return first_error;
}

Status HnswlibIndex::insert(uint32_t slot, std::span<const float> vector) {
    if (slot >= shape_.capacity || vector.size() != shape_.dim)
        return fail(Code::kEINVAL, "hnswlib: slot or dimension is out of range");
    VEXFS_TRY_VOID(add(slot, vector));
    present_.add(slot);
    removed_.remove(slot);
    return ok();
}

Status HnswlibIndex::hide(uint32_t slot, bool hidden) {
    return guard(fail(Code::kEIO, "hnswlib: mark"), [&]() -> Status {
        const auto row = graph_.label_lookup_.find(slot);
        if (row == graph_.label_lookup_.end())
            return fail(Code::kENOENT, "hnswlib: the slot is empty");
        if (graph_.isMarkedDeleted(row->second) == hidden)
            return ok();
        if (hidden)
            graph_.markDelete(slot);
        else
            graph_.unmarkDelete(slot);
        return ok();
    });
}

Status HnswlibIndex::remove(uint32_t slot) {
    if (slot >= shape_.capacity || !present_.contains(slot) || removed_.contains(slot))
        return fail(Code::kENOENT, "hnswlib: the slot is empty");
    VEXFS_TRY_VOID(hide(slot, true));
    removed_.add(slot);
    return ok();
}

Status HnswlibIndex::restrict_to(const BitmapView* allowed) {
    for (uint32_t slot = 0; slot < shape_.capacity; ++slot) {
        if (!present_.contains(slot))
            continue;
        const bool forbidden = allowed != nullptr && !allowed->contains(slot);
        VEXFS_TRY_VOID(hide(slot, forbidden || removed_.contains(slot)));
    }
    return ok();
}

Status HnswlibIndex::search(std::span<const float> query, uint32_t k, uint32_t effort,
                            std::vector<Neighbor>& out) const {
    if (query.size() != shape_.dim)
        return fail(Code::kEINVAL, "hnswlib: the query has another dimension");
    return guard(fail(Code::kEIO, "hnswlib: search"), [&]() -> Status {
        if (graph_.ef_ != effort)
            graph_.setEf(effort);
        std::vector<float> unit;
        if (shape_.metric == Metric::kCosine)
            unit = normalised(query);
        auto found = graph_.searchKnn(unit.empty() ? query.data() : unit.data(), k);
        // 1 - <a, b> is the library's distance for inner products.
        const float shift = shape_.metric == Metric::kDot ? 1.0F : 0.0F;
        out.resize(found.size());
        for (size_t i = found.size(); i > 0; --i) {
            out[i - 1] = {static_cast<uint32_t>(found.top().second), found.top().first - shift};
            found.pop();
        }
        return ok();
    });
}

Status HnswlibIndex::save(const std::string& path) {
    return guard(fail(Code::kEIO, "hnswlib: save"), [&]() -> Status {
        graph_.saveIndex(path);
        return ok();
    });
}

// Locks and lists whose number does not grow with the rows are left out.
size_t HnswlibIndex::memory_bytes() const {
    constexpr size_t kLabelNodeBytes = 32; // what malloc hands out for a node of the label table
    size_t bytes = graph_.max_elements_ * (graph_.size_data_per_element_ + sizeof(char*) +
                                           sizeof(graph_.link_list_locks_[0]) + sizeof(int));
    for (size_t row = 0; row < graph_.cur_element_count; ++row)
        bytes += static_cast<size_t>(graph_.element_levels_[row]) * graph_.size_links_per_element_;
    bytes += graph_.label_lookup_.size() * kLabelNodeBytes;
    return bytes + graph_.label_lookup_.bucket_count() * sizeof(void*);
}

} // namespace

Result<std::unique_ptr<VectorIndex>> make_hnswlib_index(const ForeignShape& shape, Isa isa) {
    const bool known = shape.metric == Metric::kL2 || shape.metric == Metric::kCosine ||
                       shape.metric == Metric::kDot;
    if (!known || shape.dim == 0 || shape.dim > kMaxDim || shape.capacity == 0 || shape.links < 2 ||
        shape.links > 10'000 || shape.build_effort == 0)
        return fail(Code::kEINVAL, "hnswlib: the shape is out of range");
    if (!is_supported(isa))
        return fail(Code::kEOPNOTSUPP, "hnswlib: the machine lacks the instruction set");
    return guard(
        fail(Code::kENOMEM, "hnswlib: create"), [&]() -> Result<std::unique_ptr<VectorIndex>> {
            return std::unique_ptr<VectorIndex>(std::make_unique<HnswlibIndex>(shape, isa));
        });
}

} // namespace vexfs::index
