// SPDX-License-Identifier: Apache-2.0
#include "index/flat/code_scan.h"

#include <memory>

#include "base/guard.h"
#include "index/flat/batch_scan.h"
#include "index/flat/block_scan.h"
#include "index/kernels/page_shape.h"

namespace vexfs::index {
namespace {

struct CodeSource {
    CodeShape shape;
    const uint8_t* const* pages;
    const CodeKernels* kernels;
    const int8_t* query;

    [[nodiscard]] uint32_t blocks() const { return shape.record_bytes / kCodeBlockBytes; }
    [[nodiscard]] size_t row_bytes() const { return shape.record_bytes; }

    [[nodiscard]] const std::byte* row(uint32_t slot) const {
        const uint8_t* page = __atomic_load_n(&pages[slot >> kPageShift], __ATOMIC_ACQUIRE);
        const size_t row_of_page = slot & (kRowsPerPage - 1);
        return reinterpret_cast<const std::byte*>(page + row_of_page * shape.record_bytes);
    }
    void in_order(const std::byte* first, size_t count, int32_t* distances) const {
        kernels->scan(reinterpret_cast<const uint8_t*>(first), count, query, blocks(), distances);
    }
    void gathered(const std::byte* const* rows, size_t count, int32_t* distances) const {
        kernels->gather(reinterpret_cast<const uint8_t* const*>(rows), count, query, blocks(),
                        distances);
    }
};

template <typename Rows>
Result<NearestRows> scan(const CodeSource& source, const Rows& rows, uint32_t wanted,
                         const ScanStop& stop, ScanScratch& scratch, ScanCounters& counters) {
    if (wanted == 0)
        return fail(Code::kEINVAL, "scan: no row is wanted");
    return guard(fail(Code::kENOMEM, "scan: no memory"), [&]() -> Result<NearestRows> {
        scratch.nearest.start(std::min(wanted, std::max(row_bound(rows), 1U)));
        BlockScan<CodeSource> scan(source, stop, scratch.nearest, counters);
        VEXFS_TRY_VOID(scan.run(rows));
        return scratch.nearest.finish();
    });
}

} // namespace

Result<NearestRows> CodeScan::nearest(const ScanRows& rows, const int8_t* query, uint32_t wanted,
                                      const ScanStop& stop, ScanScratch& scratch,
                                      ScanCounters& counters) const {
    return scan(CodeSource{shape_, pages_, kernels_, query}, rows, wanted, stop, scratch, counters);
}

Result<NearestRows> CodeScan::nearest(std::span<const uint32_t> slots, const int8_t* query,
                                      uint32_t wanted, const ScanStop& stop, ScanScratch& scratch,
                                      ScanCounters& counters) const {
    return scan(CodeSource{shape_, pages_, kernels_, query}, slots, wanted, stop, scratch,
                counters);
}

Status CodeScan::nearest_of_each(const ScanRows& rows, std::span<const int8_t* const> queries,
                                 uint32_t wanted, const ScanStop& stop, BatchScanScratch& scratch,
                                 ScanCounters& counters, std::span<NearestRows> nearest) const {
    if (wanted == 0)
        return fail(Code::kEINVAL, "scan: no row is wanted");
    if (queries.size() > kBatchQueries || nearest.size() != queries.size())
        return fail(Code::kEINVAL, "scan: number of queries in a batch");
    return guard(fail(Code::kENOMEM, "scan: no memory"), [&]() -> Status {
        scratch.interleaved.resize(batch_query_bytes(shape_) + kCodeBlockBytes);
        void* place = scratch.interleaved.data();
        size_t room = scratch.interleaved.size();
        auto* interleaved = static_cast<int8_t*>(
            std::align(kCodeBlockBytes, batch_query_bytes(shape_), place, room));
        interleave_queries(shape_, queries, interleaved);
        const std::span<NearestKeys> keys = std::span(scratch.nearest).first(queries.size());
        for (NearestKeys& of_query : keys)
            of_query.start(std::min(wanted, std::max(row_bound(rows), 1U)));
        BatchScan scan(shape_, pages_, *kernels_, interleaved, keys);
        VEXFS_TRY_VOID(scan.run(rows, stop, counters));
        for (size_t q = 0; q < queries.size(); ++q)
            nearest[q] = keys[q].finish();
        return ok();
    });
}

} // namespace vexfs::index
