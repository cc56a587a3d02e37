// SPDX-License-Identifier: Apache-2.0
//
// What every scan has in common: which rows, when to stop, what it cost, and the memory it works
// in.
//
// Threads: values; a ScanScratch is used by one scan at a time.
#pragma once

#include <cstdint>
#include <span>

#include "base/result.h"
#include "index/flat/nearest_keys.h"
#include "index/kernels/bitmap.h"

namespace vexfs::index {

// One byte per row, in pages of a PageArray of bytes (a missing page means that no row of it may be
// read). Eight rows are one word, the first in its lowest byte. A row may be read if its byte under
// the mask is `readable`; bytes are below 128 and may change while a scan runs, by atomic
// operations on whole words only: a scan reads words, and atomic accesses of two sizes to one place
// have no order. A row whose byte changes meanwhile is found or not.
struct RowStates {
    const uint64_t* const* pages;
    uint8_t mask;
    uint8_t readable;
};

// The rows a scan looks at: slots below `size` that are in `allowed` (unless it is null) and that
// may be read (all, if `states` is null). No byte of another row that may not be read is touched.
struct ScanRows {
    uint32_t size = 0;
    const BitmapView* allowed = nullptr;
    const RowStates* states = nullptr;
};

// When a scan gives up: with ECANCELED when *cancel becomes non-zero, with ETIMEDOUT when the
// deadline has passed. Looked at every few microseconds.
struct ScanStop {
    const uint8_t* cancel = nullptr;
    int64_t deadline_ns = 0; // CLOCK_MONOTONIC; 0: none

    [[nodiscard]] Status check() const;
};

// Added to by every scan.
struct ScanCounters {
    uint64_t distances = 0;
    uint64_t bytes = 0; // of rows that were read
};

struct ScanScratch {
    NearestKeys nearest;
};

constexpr uint32_t kScanBlock = 64; // rows that a scan treats at once: one word of a bitmap

// Bit i is set if row 64 * block + i may be read.
uint64_t readable_rows(const RowStates& states, uint32_t block);

// Bit i is set if row 64 * block + i is looked at.
uint64_t selected_rows(const ScanRows& rows, uint32_t block);

// Bit i is set if distances[i] <= limit, for kScanBlock distances.
uint64_t within(const int32_t* distances, int32_t limit);

// lowest[i] = the smallest of distances[i], distances[i + kScanBlock], ... of `blocks` (at least 1)
// blocks.
void lowest_lanes(const int32_t* distances, uint32_t blocks, int32_t* lowest);

// A distance that at least `wanted` of the kScanBlock distances do not exceed, and not many more;
// the largest of them if they are fewer.
int32_t bound_of(const int32_t* distances, uint32_t wanted);

// An upper bound of the rows that a scan looks at.
constexpr uint32_t row_bound(const ScanRows& rows) {
    return rows.allowed != nullptr && rows.allowed->count_set < rows.size ? rows.allowed->count_set
                                                                          : rows.size;
}
constexpr uint32_t row_bound(std::span<const uint32_t> slots) {
    return static_cast<uint32_t>(slots.size());
}

} // namespace vexfs::index
