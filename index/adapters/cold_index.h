// SPDX-License-Identifier: Apache-2.0
//
// An index for collections whose vectors do not fit in memory: FAISS's IVF-PQ, refined exactly.
//
// Rows are sorted into lists around learned centroids and kept as product-quantised codes of a few
// bytes. A search looks through the nearest lists and asks a VectorSource, once, for the exact
// distances of the best candidates; the vectors themselves stay where the source has them. Removed
// rows stay in their lists and are hidden by the `allowed` bitmap of the searches.
//
// Threads: any number of searches at once; add() has the index to itself.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "index/kernels/bitmap.h"
#include "index/kernels/metric.h"
#include "index/kernels/vector_source.h"

namespace vexfs::index {

struct ColdShape {
    Metric metric = Metric::kL2; // kL2, kCosine or kDot
    uint32_t dim = 0;
    uint32_t lists = 0;      // 1..65,536
    uint32_t code_bytes = 0; // of a row; divides dim
    uint64_t seed = 1;
};

struct ColdSearch {
    VectorView query; // of the shape's dim and any element but kBit
    uint32_t k = 10;
    uint32_t probes = 8;                 // lists to look through
    uint32_t rerank = 100;               // candidates whose exact distance is asked for, at least k
    const BitmapView* allowed = nullptr; // only these slots; null: all
};

class ColdIndex {
  public:
    // Learns centroids and codes from sample rows (at least 256 and at least `lists` of them).
    // EINVAL if the shape or the sample is out of range.
    static Result<std::unique_ptr<ColdIndex>> train(const ColdShape& shape,
                                                    std::span<const float> sample);
    // Reads what to_bytes() wrote. Every byte is checked: EBADMSG.
    static Result<std::unique_ptr<ColdIndex>> from_bytes(Bytes bytes);

    virtual ~ColdIndex() = default;
    ColdIndex(const ColdIndex&) = delete;
    ColdIndex& operator=(const ColdIndex&) = delete;

    // Adds the rows under slots first_slot and on; no slot twice.
    virtual Status add(uint32_t first_slot, std::span<const float> rows) = 0;
    // The nearest found, nearest first, at most k.
    virtual Status search(const ColdSearch& search, const VectorSource& source,
                          std::vector<Neighbor>& out) const = 0;
    // As cold_file.h says.
    [[nodiscard]] virtual Result<std::vector<std::byte>> to_bytes() const = 0;
    [[nodiscard]] virtual uint64_t rows() const = 0;
    [[nodiscard]] virtual size_t memory_bytes() const = 0;

  protected:
    ColdIndex() = default;
};

} // namespace vexfs::index
