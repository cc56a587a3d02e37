// SPDX-License-Identifier: Apache-2.0
//
// What is to be written of a graph: which of its pages differ from those on the disk, and what a
// page says of a row that the graph itself does not know.
//
// A page is fresh if rows came or went: if it is not written, they are linked again after an open.
// It is stale if neighbours changed alone: then an open finds older ones, which lead there too.
//
// Threads: any, each about slots of its own, as those do that change the graph; restored() and
// differs() before anybody else has it, take() and put_back() one.
#pragma once

#include <atomic>
#include <vector>

#include "base/mutex.h"
#include "index/graph/change_sink.h"
#include "index/kernels/page_array.h"

namespace vexfs {

// How many rows a page has of so large codes.
uint32_t graph_page_rows(uint32_t code_bytes);

class GraphChanges final : public index::ChangeSink {
  public:
    explicit GraphChanges(uint32_t code_bytes) : page_rows_(graph_page_rows(code_bytes)) {}

    // The row is about to be linked, and this is the sum of its vector. ENOMEM.
    Status expect(uint32_t slot, uint32_t sum);
    // The row was linked when the graph was stored. ENOMEM.
    Status restore(uint32_t slot, uint32_t sum);
    Status restore_equal(uint32_t slot, uint32_t equal_to);
    // After restore(): slots are below `slot_end`, and no page differs, or each does.
    void restored(uint32_t slot_end, bool changed);
    // After it: the page on the disk has rows that are none.
    void differs(uint32_t page);

    [[nodiscard]] uint32_t page_of(uint32_t slot) const { return slot / page_rows_; }
    // 0: that is not known.
    [[nodiscard]] uint32_t sum(uint32_t slot) const {
        return sums_.has(slot) ? *sums_.row_as<uint32_t>(slot) : 0;
    }
    // The row that an equal one is found through.
    [[nodiscard]] uint32_t equal_to(uint32_t slot) const {
        return equal_.has(slot) ? *equal_.row_as<uint32_t>(slot) - 1 : UINT32_MAX;
    }

    // The numbers of at most `count` pages that changed, ascending: fresh ones first, that of the
    // newest row last. They are as on the disk from here on, unless they are put back.
    std::vector<uint32_t> take(size_t count);
    void put_back(std::span<const uint32_t> numbers);

    [[nodiscard]] size_t fresh() const { return fresh_.load(std::memory_order_relaxed); }
    [[nodiscard]] size_t changed() const { return changed_.load(std::memory_order_relaxed); }
    [[nodiscard]] size_t memory_bytes() const { return sums_.bytes() + equal_.bytes(); }

    void links_changed(uint32_t slot, uint32_t level, std::span<const uint32_t> links) override;
    void duplicate_added(uint32_t slot, uint32_t shared) override;
    void row_released(uint32_t slot) override;
    void entry_changed(uint32_t) override {}

  private:
    enum Mark : uint8_t { kSame, kStale, kFresh };

    void differs_locked(uint32_t page) VEXFS_REQUIRES(mutex_);
    void mark(uint32_t page, Mark mark) VEXFS_REQUIRES(mutex_);
    void take_marked(Mark mark, size_t count, std::vector<uint32_t>& taken) VEXFS_REQUIRES(mutex_);

    const uint32_t page_rows_;
    index::PageArray sums_{sizeof(uint32_t)};
    index::PageArray equal_{sizeof(uint32_t)}; // the other row + 1
    Mutex mutex_; // the last that is taken: the graph calls with locks of its own
    std::vector<uint8_t> marks_ VEXFS_GUARDED_BY(mutex_);
    uint32_t newest_ VEXFS_GUARDED_BY(mutex_) = 0; // page of the row that came last
    size_t cursor_ VEXFS_GUARDED_BY(mutex_) = 0;   // where the search for the next page begins
    std::atomic<size_t> fresh_ = 0;
    std::atomic<size_t> changed_ = 0;
};

} // namespace vexfs
