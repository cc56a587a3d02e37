// SPDX-License-Identifier: Apache-2.0
#include "index/flat/vector_table.h"

#include <algorithm>
#include <cstring>

#include "base/assert.h"
#include "base/bytes.h"
#include "index/kernels/convert.h"

namespace vexfs::index {

VectorTable::VectorTable(Element element, uint32_t dim)
    : element_(element), dim_(dim),
      stride_bytes_(round_up<size_t>(index::bytes_of(element, dim), 16)),
      rows_(static_cast<uint32_t>(stride_bytes_)) {
    VEXFS_ASSERT(dim > 0 && dim <= kMaxDim);
}

Status VectorTable::put(uint32_t slot, VectorView vector) {
    if (vector.element != element_ || vector.dim != dim_)
        return fail(Code::kEINVAL, "vector table: element type or dim of the vector");
    if (first_invalid(vector))
        return fail(Code::kEINVAL, "vector table: NaN, Inf or a spare bit in the vector");
    VEXFS_TRY_VOID(rows_.ensure(slot));
    std::memcpy(rows_.row(slot), vector.data, index::bytes_of(element_, dim_));
    uint32_t seen = size_.load(std::memory_order_relaxed);
    while (seen <= slot && !size_.compare_exchange_weak(seen, slot + 1, std::memory_order_release))
        continue;
    return ok();
}

size_t VectorTable::memory_bytes() const {
    const size_t directory = (size() + size_t{kRowsPerPage} - 1) / kRowsPerPage * sizeof(void*);
    return round_up<size_t>(size() * stride_bytes_, 4096) + round_up<size_t>(directory, 4096);
}

Result<TableSource> TableSource::make(const VectorTable& table, Metric metric, Isa isa) {
    const Distance distance = VEXFS_TRY(Distance::make(table.element(), metric, table.dim(), isa));
    return TableSource(table, distance);
}

Status TableSource::exact_distances(const VectorView& query, std::span<const uint32_t> slots,
                                    std::span<float> out) const {
    if (query.element != table_->element() || query.dim != table_->dim())
        return fail(Code::kEINVAL, "search: element type or dim of the query");
    constexpr size_t kBatch = 128;
    const std::byte* rows[kBatch];
    for (size_t first = 0; first < slots.size(); first += kBatch) {
        const size_t count = std::min(kBatch, slots.size() - first);
        for (size_t i = 0; i < count; ++i)
            rows[i] = table_->at(slots[first + i]).data;
        distance_.to_rows(query.data, rows, count, out.data() + first);
    }
    return ok();
}

} // namespace vexfs::index
