// SPDX-License-Identifier: Apache-2.0
//
// The loop of every scan: 64 rows at a time, in order where many of them are wanted, gathered where
// few are.
//
// Source tells how distances are made:
//   const std::byte* row(uint32_t slot)
//       where the row is
//   void in_order(const std::byte* first, size_t count, int32_t* distances)
//       of rows that follow one another
//   void gathered(const std::byte* const* rows, size_t count, int32_t* distances)
//       of rows anywhere
//   size_t row_bytes()
//
// Threads: one thread.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

#include "index/flat/scan.h"

namespace vexfs::index {

template <typename Source>
class BlockScan {
  public:
    BlockScan(const Source& source, const ScanStop& stop, NearestKeys& nearest,
              ScanCounters& counters)
        : source_(source), stop_(stop), nearest_(nearest), counters_(counters) {}

    Status run(const ScanRows& rows) {
        const uint32_t blocks = (rows.size + kScanBlock - 1) / kScanBlock;
        for (uint32_t block = 0; block < blocks; ++block) {
            if (block % kBlocksBetweenChecks == 0)
                VEXFS_TRY_VOID(stop_.check());
            const uint64_t allowed = allowed_rows(rows, block);
            if (allowed == 0)
                continue;
            const uint32_t left = std::min(rows.size - block * kScanBlock, kScanBlock);
            const uint64_t below_size = UINT64_MAX >> (kScanBlock - left);
            uint64_t readable = below_size;
            if (rows.states != nullptr)
                readable &= readable_rows(*rows.states, block);
            const uint64_t selected = allowed & readable;
            // Rows that are not allowed may be read and masked out; those that may not be read may
            // not.
            if (readable == below_size && is_many(selected))
                read_in_order(block * kScanBlock, left, selected);
            else
                gather_block(block * kScanBlock, selected);
        }
        offer_ordered();
        offer_gathered();
        return ok();
    }

    Status run(std::span<const uint32_t> slots) {
        for (size_t i = 0; i < slots.size(); ++i) {
            if (i % (kBlocksBetweenChecks * kScanBlock) == 0)
                VEXFS_TRY_VOID(stop_.check());
            gather(slots[i]);
        }
        offer_gathered();
        return ok();
    }

  private:
    static constexpr uint32_t kBlocksBetweenChecks = 16;
    static constexpr int kManyOfBlock = 24; // from here on reading in order is faster
    // Blocks whose distances are computed before the first of their rows is offered.
    static constexpr uint32_t kOrderedBlocks = 16;
    static constexpr uint32_t kGatheredBlocks = 4;
    static constexpr uint32_t kGathered = kGatheredBlocks * kScanBlock;

    static uint64_t allowed_rows(const ScanRows& rows, uint32_t block) {
        if (rows.allowed == nullptr)
            return UINT64_MAX;
        return block < rows.allowed->word_count() ? rows.allowed->words[block] : 0;
    }

    static bool is_many(uint64_t selected) {
        return selected == UINT64_MAX || std::popcount(selected) >= kManyOfBlock;
    }

    void read_in_order(uint32_t first_slot, uint32_t count, uint64_t selected) {
        int32_t* distances = ordered_distances_ + size_t{ordered_} * kScanBlock;
        source_.in_order(source_.row(first_slot), count, distances);
        for (uint64_t absent = ~selected; absent != 0; absent &= absent - 1)
            distances[std::countr_zero(absent)] = INT32_MAX;
        count_rows(count);
        first_slots_[ordered_] = first_slot;
        selected_[ordered_] = selected;
        if (++ordered_ == kOrderedBlocks)
            offer_ordered();
    }

    void offer_ordered() {
        bound(ordered_distances_, ordered_);
        for (uint32_t block = 0; block < ordered_; ++block) {
            offer(ordered_distances_ + size_t{block} * kScanBlock, selected_[block],
                  [&](uint32_t i) { return first_slots_[block] + i; });
        }
        ordered_ = 0;
    }

    void gather_block(uint32_t first_slot, uint64_t selected) {
        for (; selected != 0; selected &= selected - 1)
            gather(first_slot + static_cast<uint32_t>(std::countr_zero(selected)));
    }

    void gather(uint32_t slot) {
        slots_[count_] = slot;
        rows_[count_] = source_.row(slot);
        if (++count_ == kGathered)
            offer_gathered();
    }

    void offer_gathered() {
        int32_t distances[kGathered];
        source_.gathered(rows_, count_, distances);
        count_rows(count_);
        const uint32_t blocks = (count_ + kScanBlock - 1) / kScanBlock;
        std::fill(distances + count_, distances + size_t{blocks} * kScanBlock, INT32_MAX);
        bound(distances, blocks);
        for (uint32_t first = 0; first < count_; first += kScanBlock) {
            const uint32_t left = std::min(count_ - first, kScanBlock);
            offer(distances + first, UINT64_MAX >> (kScanBlock - left),
                  [&](uint32_t i) { return slots_[first + i]; });
        }
        count_ = 0;
    }

    // Tightens the limit before any of these rows is offered, so that few of them pass it.
    void bound(const int32_t* distances, uint32_t blocks) {
        if (blocks == 0 || !nearest_.is_open() || nearest_.wanted() > kScanBlock / 2)
            return;
        int32_t lowest[kScanBlock];
        lowest_lanes(distances, blocks, lowest);
        nearest_.lower_limit(key_of(bound_of(lowest, nearest_.wanted()), UINT32_MAX));
    }

    template <typename SlotOf>
    void offer(const int32_t* distances, uint64_t selected, SlotOf slot) {
        uint64_t near = selected & within(distances, distance_of(nearest_.limit()));
        for (; near != 0; near &= near - 1) {
            const auto i = static_cast<uint32_t>(std::countr_zero(near));
            nearest_.push(key_of(distances[i], slot(i)));
        }
    }

    void count_rows(size_t count) {
        counters_.distances += count;
        counters_.bytes += count * source_.row_bytes();
    }

    const Source source_;
    const ScanStop& stop_;
    NearestKeys& nearest_;
    ScanCounters& counters_;
    uint32_t ordered_ = 0; // blocks that were read in order and wait
    uint32_t first_slots_[kOrderedBlocks];
    uint64_t selected_[kOrderedBlocks];
    int32_t ordered_distances_[kOrderedBlocks * kScanBlock];
    uint32_t count_ = 0; // of the gathered rows that wait
    uint32_t slots_[kGathered];
    const std::byte* rows_[kGathered];
};

} // namespace vexfs::index
