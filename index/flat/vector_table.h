// SPDX-License-Identifier: Apache-2.0
//
// Exact vectors in memory, addressed by slot.
//
// Rows never move: a reader holds no lock and is never blocked by growth. A row may be replaced
// only when nobody can be reading it; whoever hands out slots knows when that is.
//
// Threads: put() from any thread for different slots; reading from any thread for slots whose put()
// happened before.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>

#include "base/result.h"
#include "index/kernels/distance.h"
#include "index/kernels/page_array.h"
#include "index/kernels/vector_source.h"

namespace vexfs::index {

class VectorTable {
  public:
    // dim is in 1..kMaxDim.
    VectorTable(Element element, uint32_t dim);

    // Stores a copy in the slot, which must be below kMaxSlots. EINVAL if the vector is not of this
    // table's element and dim, or has a NaN, an Inf or a spare bit; ENOMEM.
    Status put(uint32_t slot, VectorView vector);

    // The vector of a slot that was put.
    [[nodiscard]] VectorView at(uint32_t slot) const { return {element_, dim_, rows_.row(slot)}; }

    [[nodiscard]] Element element() const { return element_; }
    [[nodiscard]] uint32_t dim() const { return dim_; }
    [[nodiscard]] size_t stride_bytes() const { return stride_bytes_; }
    // One more than the highest slot that was put.
    [[nodiscard]] uint32_t size() const { return size_.load(std::memory_order_acquire); }
    // What the rows take, rounded up to whole 4 KiB, with the directory.
    [[nodiscard]] size_t memory_bytes() const;

  private:
    const Element element_;
    const uint32_t dim_;
    const size_t stride_bytes_;
    PageArray rows_;
    std::atomic<uint32_t> size_ = 0;
};

// A table under a metric: what searches re-rank by when the vectors are in memory.
// Threads: any thread, as VectorTable.
class TableSource final : public VectorSource {
  public:
    // The table outlives the source. EINVAL if the metric does not go with the table's element.
    static Result<TableSource> make(const VectorTable& table, Metric metric,
                                    Isa isa = chosen_isa());

    [[nodiscard]] const VectorTable& table() const { return *table_; }
    [[nodiscard]] const Distance& distance() const { return distance_; }

    // EINVAL if the query is not of the table's element and dim.
    Status exact_distances(const VectorView& query, std::span<const uint32_t> slots,
                           std::span<float> out) const override;

  private:
    TableSource(const VectorTable& table, Distance distance)
        : table_(&table), distance_(distance) {}

    const VectorTable* table_;
    Distance distance_;
};

} // namespace vexfs::index
