// SPDX-License-Identifier: Apache-2.0
#include "index/flat/exact_scan.h"

#include <cmath>

#include "base/guard.h"
#include "index/flat/block_scan.h"
#include "index/kernels/convert.h"

namespace vexfs::index {
namespace {

struct ExactSource {
    const VectorTable& table;
    const Distance& distance;
    const std::byte* query;

    [[nodiscard]] size_t row_bytes() const { return distance.row_bytes(); }
    [[nodiscard]] const std::byte* row(uint32_t slot) const { return table.at(slot).data; }

    void in_order(const std::byte* first, size_t count, int32_t* distances) const {
        float exact[kScanBlock];
        distance.to_rows(query, first, table.stride_bytes(), count, exact);
        for (size_t i = 0; i < count; ++i)
            distances[i] = ordered(exact[i]);
    }
    void gathered(const std::byte* const* rows, size_t count, int32_t* distances) const {
        float exact[kScanBlock];
        for (size_t first = 0; first < count; first += kScanBlock) {
            const size_t part = std::min<size_t>(count - first, kScanBlock);
            distance.to_rows(query, rows + first, part, exact);
            for (size_t i = 0; i < part; ++i)
                distances[first + i] = ordered(exact[i]);
        }
    }
};

} // namespace

Status exact_nearest(const TableSource& source, const ScanRows& rows, const ExactSearch& search,
                     ScanScratch& scratch, ScanCounters& counters, std::vector<Neighbor>& found) {
    const VectorTable& table = source.table();
    found.clear();
    if (search.k == 0)
        return fail(Code::kEINVAL, "search: k is 0");
    if (std::isnan(search.radius))
        return fail(Code::kEINVAL, "search: radius is NaN");
    if (search.query.element != table.element() || search.query.dim != table.dim())
        return fail(Code::kEINVAL, "search: element type or dim of the query");
    if (first_invalid(search.query))
        return fail(Code::kEINVAL, "search: NaN, Inf or a spare bit in the query");
    return guard(fail(Code::kENOMEM, "search: no memory"), [&]() -> Status {
        scratch.nearest.start(std::min(search.k, std::max(row_bound(rows), 1U)),
                              key_of(ordered(search.radius), UINT32_MAX));
        BlockScan<ExactSource> scan({table, source.distance(), search.query.data}, search.stop,
                                    scratch.nearest, counters);
        VEXFS_TRY_VOID(scan.run(rows));
        for (const uint64_t key : scratch.nearest.finish())
            found.push_back({slot_of(key), unordered(distance_of(key))});
        return ok();
    });
}

} // namespace vexfs::index
