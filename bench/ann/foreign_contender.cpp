// SPDX-License-Identifier: Apache-2.0
//
// Feeds foreign indexes with floats.
//
// Threads: as Contender says.
#include "bench/ann/foreign_contender.h"

#include <functional>

#include "index/adapters/faiss_index.h"
#include "index/adapters/hnswlib_index.h"

namespace vexfs {
namespace {

using index::VectorIndex;

using Make = std::function<Result<std::unique_ptr<VectorIndex>>(const index::ForeignShape&)>;

class ForeignContender final : public Contender {
  public:
    ForeignContender(std::string name, std::string description, const ContenderShape& shape,
                     Make make)
        : name_(std::move(name)), description_(std::move(description)), shape_(shape),
          make_(std::move(make)) {}

    [[nodiscard]] std::string name() const override { return name_; }
    [[nodiscard]] std::string description() const override { return description_; }

    Status prepare(const Matrix& base) override {
        rows_ = base.floats();
        return ok();
    }
    Status build(const Matrix& base) override {
        index::ForeignShape wanted;
        wanted.metric = shape_.metric;
        wanted.dim = base.dim;
        wanted.capacity = static_cast<uint32_t>(base.rows);
        wanted.links = shape_.links;
        wanted.build_effort = shape_.build_effort;
        wanted.seed = shape_.seed;
        index_ = VEXFS_TRY(make_(wanted));
        return index_->build(rows_, shape_.build_threads);
    }
    Status load_queries(const Matrix& queries) override {
        rows_ = {};
        dim_ = queries.dim;
        queries_ = queries.floats();
        return ok();
    }
    [[nodiscard]] bool can_restrict() const override { return name_ != "faiss"; }
    Status restrict_to(const index::BitmapView* allowed) override {
        return index_->restrict_to(allowed);
    }
    Status search(size_t query, uint32_t k, uint32_t effort,
                  std::vector<index::Neighbor>& out) override {
        return index_->search(std::span(queries_).subspan(query * dim_, dim_), k, effort, out);
    }
    Status replace(std::span<const uint32_t> slots, const Matrix& base,
                   std::span<const uint32_t> from) override {
        for (uint32_t slot : slots)
            VEXFS_TRY_VOID(index_->remove(slot));
        std::vector<float> row(base.dim);
        for (size_t i = 0; i < slots.size(); ++i) {
            base.to_floats(from[i], row);
            VEXFS_TRY_VOID(index_->insert(slots[i], row));
        }
        return ok();
    }
    // Every search reads the vectors themselves: all of it is hot.
    [[nodiscard]] Footprint footprint() const override { return {index_->memory_bytes(), 0}; }

  private:
    const std::string name_;
    const std::string description_;
    const ContenderShape shape_;
    const Make make_;
    std::unique_ptr<VectorIndex> index_;
    std::vector<float> rows_; // until it is built
    std::vector<float> queries_;
    uint32_t dim_ = 0;
};

} // namespace

std::unique_ptr<Contender> make_hnswlib_contender(const ContenderShape& shape) {
    const index::Isa isa = shape.isa;
    return std::make_unique<ForeignContender>(
        "hnswlib",
        "hnswlib " + parameters(shape) + ", its float distances compiled for " +
            index::name_of(isa),
        shape,
        [isa](const index::ForeignShape& wanted) { return make_hnswlib_index(wanted, isa); });
}

std::unique_ptr<Contender> make_faiss_contender(const ContenderShape& shape) {
    return std::make_unique<ForeignContender>(
        "faiss", "FAISS IndexHNSWFlat " + parameters(shape) + ", as the installed library is built",
        shape, index::make_faiss_index);
}

} // namespace vexfs
