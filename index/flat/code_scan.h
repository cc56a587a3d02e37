// SPDX-License-Identifier: Apache-2.0
//
// Scans code records for those nearest to a query code.
//
// The answer is exact in the distance of codes: equal to sorting all rows by (distance, slot), on
// every machine. A scan knows no vector and no metric; whoever asked re-ranks by exact distances.
//
// Threads: any number of scans over the same rows at once, one scratch each.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "base/result.h"
#include "index/flat/scan.h"
#include "index/kernels/code_kernels.h"
#include "index/kernels/isa.h"

namespace vexfs::index {

// Keys are key_of(code distance, slot), ascending, lent by the scratch until its next use.
using NearestRows = std::span<const uint64_t>;

// The memory of scans with several queries.
// Threads: one scan at a time.
struct BatchScanScratch {
    std::array<NearestKeys, kBatchQueries> nearest;
    std::vector<int8_t> interleaved;
};

class CodeScan {
  public:
    // Records lie in pages as PageArray::directory() gives them. The shape must be
    // code_shape_valid().
    CodeScan(CodeShape shape, const uint8_t* const* pages, Isa isa = chosen_isa())
        : shape_(shape), pages_(pages), kernels_(&code_kernels(isa, shape)) {}

    // The `wanted` nearest of the rows. Pages of rows that are read exist. The query has
    // code_query_bytes(shape) bytes, 64-byte aligned. EINVAL if nothing is wanted, and what
    // ScanStop says.
    Result<NearestRows> nearest(const ScanRows& rows, const int8_t* query, uint32_t wanted,
                                const ScanStop& stop, ScanScratch& scratch,
                                ScanCounters& counters) const;

    // The same over a list of distinct slots.
    Result<NearestRows> nearest(std::span<const uint32_t> slots, const int8_t* query,
                                uint32_t wanted, const ScanStop& stop, ScanScratch& scratch,
                                ScanCounters& counters) const;

    // The same for each of at most kBatchQueries queries, in one pass: every row is read once and
    // meets all of them. nearest[q] is what the scan with queries[q] alone would give, lent by the
    // scratch; of the counters, bytes are those read.
    Status nearest_of_each(const ScanRows& rows, std::span<const int8_t* const> queries,
                           uint32_t wanted, const ScanStop& stop, BatchScanScratch& scratch,
                           ScanCounters& counters, std::span<NearestRows> nearest) const;

  private:
    CodeShape shape_;
    const uint8_t* const* pages_;
    const CodeKernels* kernels_;
};

} // namespace vexfs::index
