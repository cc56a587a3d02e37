// SPDX-License-Identifier: Apache-2.0
//
// The verbs that an index of a foreign library offers here, with none of the library's types in
// sight.
//
// Rows are addressed by a dense slot below the capacity. Vectors are floats; each adapter maps the
// metric to what its library has (cosine is the inner product of normalised vectors) and reports
// distances in the unit of index/kernels. An exception of the library becomes an Error at this
// border.
//
// Threads: any number of searches at once; every other verb has the index to itself.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "index/kernels/bitmap.h"
#include "index/kernels/metric.h"

namespace vexfs::index {

struct ForeignShape {
    Metric metric = Metric::kL2; // kL2, kCosine or kDot
    uint32_t dim = 0;
    uint32_t capacity = 0; // slots
    uint32_t links = 16;   // M: links of a row on an upper level; the lowest has twice as many
    uint32_t build_effort = 200; // ef while building
    uint64_t seed = 100;
};

class VectorIndex {
  public:
    virtual ~VectorIndex() = default;
    VectorIndex(const VectorIndex&) = delete;
    VectorIndex& operator=(const VectorIndex&) = delete;

    // Fills an empty index: row i of `rows` goes to slot i. rows.size() is a multiple of dim.
    virtual Status build(std::span<const float> rows, uint32_t threads) = 0;
    // Puts a vector into a slot that is free or was removed. EOPNOTSUPP if the library cannot.
    virtual Status insert(uint32_t slot, std::span<const float> vector) = 0;
    // Hides the row of a slot. EOPNOTSUPP if the library cannot.
    virtual Status remove(uint32_t slot) = 0;
    // Searches answer only these slots from here on, or all if null. The bitmap is read now and not
    // kept.
    virtual Status restrict_to(const BitmapView* allowed) = 0;

    // The nearest rows found with this effort (ef, or what the index says), nearest first, at most
    // k.
    virtual Status search(std::span<const float> query, uint32_t k, uint32_t effort,
                          std::vector<Neighbor>& out) const = 0;

    // In the library's own format.
    [[nodiscard]] virtual Status save(const std::string& path) = 0;
    // What the index holds in memory, vectors included.
    [[nodiscard]] virtual size_t memory_bytes() const = 0;
    // Of these, vectors that only the exact ranking of the best few reads.
    [[nodiscard]] virtual size_t cold_bytes() const { return 0; }

  protected:
    VectorIndex() = default;
};

} // namespace vexfs::index
