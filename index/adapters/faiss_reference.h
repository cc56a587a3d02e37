// SPDX-License-Identifier: Apache-2.0
//
// What the wrappers of FAISS have in common: its metrics, and the verbs of the references. A
// reference adds which index of the library it is, and what its effort says.
//
// Only for the source files of this folder that wrap FAISS: its types are in here.
//
// Threads: as VectorIndex says, where searches at one time use one effort; build() lets FAISS use
// `threads` of OpenMP.
#pragma once

#include <faiss/Index.h>
#include <memory>

#include "base/guard.h"
#include "base/result.h"
#include "index/adapters/vector_index.h"

namespace vexfs::index {

// kCosine is the inner product of rows of length 1.
faiss::MetricType faiss_metric(Metric metric);

// Whether it has the metric, and takes vectors of that many elements.
bool faiss_takes(Metric metric, uint32_t dim);

class FaissReference : public VectorIndex {
  public:
    Status build(std::span<const float> rows, uint32_t threads) final;
    Status insert(uint32_t slot, std::span<const float> vector) override;
    Status remove(uint32_t slot) final;
    Status restrict_to(const BitmapView* allowed) final;
    Status search(std::span<const float> query, uint32_t k, uint32_t effort,
                  std::vector<Neighbor>& out) const final;
    Status save(const std::string& path) final;

  protected:
    explicit FaissReference(const ForeignShape& shape) : shape_(shape) {}

    [[nodiscard]] const ForeignShape& shape() const { return shape_; }

  private:
    // The outermost one, which trains, adds, searches and is saved.
    [[nodiscard]] virtual faiss::Index& library_index() const = 0;
    // The library keeps the effort in the index: nothing is written where it is that already, so
    // that searches with one effort can be at one time.
    virtual void set_effort(uint32_t effort) const = 0;

    const ForeignShape shape_;
};

// `make` returns the reference and may throw what FAISS throws. EINVAL if the shape is out of
// range.
template <typename Make>
Result<std::unique_ptr<VectorIndex>> make_faiss_reference(const ForeignShape& shape, Make&& make) {
    if (!faiss_takes(shape.metric, shape.dim) || shape.capacity > 0x7fffffff)
        return fail(Code::kEINVAL, "faiss: the shape is out of range");
    return guard(fail(Code::kENOMEM, "faiss: create"),
                 [&]() -> Result<std::unique_ptr<VectorIndex>> { return make(); });
}

} // namespace vexfs::index
