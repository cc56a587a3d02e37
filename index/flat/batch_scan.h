// SPDX-License-Identifier: Apache-2.0
//
// The loop of a scan with several queries: 64 rows at a time, their distances from all queries, and
// of these the ones that are within the limit of their query.
//
// Threads: one thread.
#pragma once

#include <bit>
#include <cstdint>
#include <span>

#include "index/flat/scan.h"
#include "index/kernels/code_kernels.h"
#include "index/kernels/page_shape.h"

namespace vexfs::index {

// Bit q is set if distances[q] <= limits[q], for kBatchQueries of both.
uint32_t within_each(const int32_t* distances, const int32_t* limits);

class BatchScan {
  public:
    // `interleaved` is of interleave_queries() and begins on a cache line; there is one of
    // `nearest`, started, per query. All are lent.
    BatchScan(CodeShape shape, const uint8_t* const* pages, const CodeKernels& kernels,
              const int8_t* interleaved, std::span<NearestKeys> nearest)
        : shape_(shape), pages_(pages), kernels_(kernels), interleaved_(interleaved),
          nearest_(nearest) {
        for (uint32_t q = 0; q < kBatchQueries; ++q)
            limits_[q] = q < nearest.size() ? distance_of(nearest[q].limit()) : INT32_MIN;
    }

    Status run(const ScanRows& rows, const ScanStop& stop, ScanCounters& counters) {
        const uint32_t blocks = (rows.size + kScanBlock - 1) / kScanBlock;
        for (uint32_t block = 0; block < blocks; ++block) {
            if (block % kBlocksBetweenChecks == 0)
                VEXFS_TRY_VOID(stop.check());
            uint64_t left = selected_rows(rows, block);
            counters.distances += static_cast<uint64_t>(std::popcount(left)) * nearest_.size();
            counters.bytes += static_cast<uint64_t>(std::popcount(left)) * shape_.record_bytes;
            for (; left != 0; left &= left - 1)
                take(block * kScanBlock + static_cast<uint32_t>(std::countr_zero(left)));
        }
        offer();
        return ok();
    }

  private:
    static constexpr uint32_t kBlocksBetweenChecks = 4;

    void take(uint32_t slot) {
        const uint8_t* page = __atomic_load_n(&pages_[slot >> kPageShift], __ATOMIC_ACQUIRE);
        const uint8_t* record = page + size_t{slot & (kRowsPerPage - 1)} * shape_.record_bytes;
        __builtin_prefetch(record);
        slots_[count_] = slot;
        records_[count_] = record;
        if (++count_ == kScanBlock)
            offer();
    }

    void offer() {
        int32_t distances[kScanBlock * kBatchQueries];
        kernels_.batch(records_, count_, interleaved_, shape_.record_bytes / kCodeBlockBytes,
                       distances);
        for (uint32_t i = 0; i < count_; ++i) {
            const int32_t* row = distances + size_t{kBatchQueries} * i;
            for (uint32_t near = within_each(row, limits_); near != 0; near &= near - 1) {
                const auto q = static_cast<uint32_t>(std::countr_zero(near));
                if (q >= nearest_.size())
                    break;
                nearest_[q].push(key_of(row[q], slots_[i]));
                limits_[q] = distance_of(nearest_[q].limit());
            }
        }
        count_ = 0;
    }

    const CodeShape shape_;
    const uint8_t* const* const pages_;
    const CodeKernels& kernels_;
    const int8_t* const interleaved_;
    const std::span<NearestKeys> nearest_;
    int32_t limits_[kBatchQueries];
    uint32_t count_ = 0; // of the rows that wait
    uint32_t slots_[kScanBlock];
    const uint8_t* records_[kScanBlock];
};

} // namespace vexfs::index
