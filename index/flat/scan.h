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

// The rows a scan looks at: slots below `size` that are in `allowed` (unless it is null) and not in
// `hidden` (unless it is null). Bits of `hidden` may change while the scan runs; such a row may
// then be found or not. The bytes of hidden rows and of rows from `size` on are never read.
struct ScanRows {
    uint32_t size = 0;
    const BitmapView* allowed = nullptr;
    const BitmapView* hidden = nullptr;
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

// Bit i is set if distances[i] <= limit, for kScanBlock distances.
uint64_t within(const int32_t* distances, int32_t limit);

// An upper bound of the rows that a scan looks at.
constexpr uint32_t row_bound(const ScanRows& rows) {
    return rows.allowed != nullptr && rows.allowed->count_set < rows.size ? rows.allowed->count_set
                                                                          : rows.size;
}
constexpr uint32_t row_bound(std::span<const uint32_t> slots) {
    return static_cast<uint32_t>(slots.size());
}

} // namespace vexfs::index
