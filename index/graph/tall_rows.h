// SPDX-License-Identifier: Apache-2.0
//
// The rows that live on upper levels, and where a search enters.
//
// A tall has a dense index, the slot it stands for, and one row of kUpperLinks tall indices for
// each of its levels. Because upper links name tall indices and not slots, one store gives a tall
// another slot, and no table from slots to talls is needed. A released tall is used again only by
// one of the same height.
//
// Threads: everything that changes something needs mutex(); what readers need is in the pages and
// in entry().
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/mutex.h"
#include "base/result.h"
#include "index/graph/graph_view.h"
#include "index/kernels/page_array.h"

namespace vexfs::index {

constexpr uint32_t kMaxLevel = 8;

class TallRows {
  public:
    struct Entry {
        uint32_t tall;
        uint32_t level; // its highest
    };

    TallRows();

    // If not, a graph cannot be made.
    [[nodiscard]] bool is_usable() const {
        return slots_.is_usable() && firsts_.is_usable() && rows_.is_usable();
    }

    Mutex& mutex() const VEXFS_THREAD_ATTRIBUTE(lock_returned(mutex_)) { return mutex_; }

    // Where a search begins; none while the graph is empty.
    [[nodiscard]] std::optional<Entry> entry() const;
    void set_entry(std::optional<Entry> entry) VEXFS_REQUIRES(mutex_);

    // A tall for this slot with levels 1..levels and no links. ENOMEM.
    Result<uint32_t> add(uint32_t slot, uint32_t levels) VEXFS_REQUIRES(mutex_);
    // Nothing links to it any more and no search holds it.
    void release(uint32_t tall) VEXFS_REQUIRES(mutex_);

    [[nodiscard]] uint32_t count() const VEXFS_REQUIRES(mutex_) {
        return static_cast<uint32_t>(levels_.size());
    }
    // 0 for a released one.
    [[nodiscard]] uint32_t levels(uint32_t tall) const VEXFS_REQUIRES(mutex_) {
        return levels_[tall];
    }
    [[nodiscard]] uint32_t slot(uint32_t tall) const;
    void set_slot(uint32_t tall, uint32_t slot) VEXFS_REQUIRES(mutex_);
    // The kUpperLinks words of a level that the tall has.
    [[nodiscard]] uint32_t* links(uint32_t tall, uint32_t level) const;

    void describe(GraphView& view) const;
    [[nodiscard]] size_t bytes() const VEXFS_EXCLUDES(mutex_);

  private:
    Result<uint32_t> grow(uint32_t levels) VEXFS_REQUIRES(mutex_);

    mutable Mutex mutex_;
    PageArray slots_{sizeof(uint32_t)};
    PageArray firsts_{sizeof(uint32_t)};
    PageArray rows_{kUpperLinks * sizeof(uint32_t)};
    std::atomic<uint64_t> entry_ = 0; // level in the high half, tall in the low one; level 0: none
    uint32_t row_count_ VEXFS_GUARDED_BY(mutex_) = 0;
    std::vector<uint8_t> levels_ VEXFS_GUARDED_BY(mutex_);
    std::array<std::vector<uint32_t>, kMaxLevel + 1> released_ VEXFS_GUARDED_BY(mutex_);
};

} // namespace vexfs::index
