// SPDX-License-Identifier: Apache-2.0
//
// Rows of a fixed size addressed by slot, in pages that never move.
//
// A page holds kRowsPerPage rows; the directory of pages is a reservation that costs memory only
// where it is used. A reader therefore never sees a row move and never waits for growth. Where the
// size of a page allows, its blocks of 2 MiB are put on huge pages: one that is being filled when
// three quarters of it are, so that an array costs what it holds; one below the highest slot from
// the start. Pages are zero-filled.
//
// Threads: ensure() from any thread, locks inside; row() and directory() from any thread without
// locks. A row's bytes are protected by whoever uses the array.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "base/mutex.h"
#include "base/result.h"
#include "index/kernels/page_shape.h"

namespace vexfs::index {

class PageArray {
  public:
    explicit PageArray(uint32_t row_bytes);
    ~PageArray();
    PageArray(const PageArray&) = delete;
    PageArray& operator=(const PageArray&) = delete;

    // False if there was no address space for the directory: then there is no row and never will
    // be. Only ensure() may be called.
    [[nodiscard]] bool is_usable() const { return directory_ != nullptr; }

    // Makes the page of this slot (below kMaxSlots) exist. ENOMEM.
    Status ensure(uint32_t slot) VEXFS_EXCLUDES(mutex_);

    // The row of a slot whose page exists.
    [[nodiscard]] std::byte* row(uint32_t slot) const {
        return page_of(slot) + size_t{slot % kRowsPerPage} * row_bytes_;
    }
    template <typename T>
    [[nodiscard]] T* row_as(uint32_t slot) const {
        return reinterpret_cast<T*>(row(slot));
    }
    [[nodiscard]] bool has(uint32_t slot) const { return page_of(slot) != nullptr; }

    // The pages, for loops that address rows themselves. Entries are published with release stores.
    template <typename T>
    [[nodiscard]] const T* const* directory() const {
        return reinterpret_cast<const T* const*>(directory_);
    }

    // Memory in use, directory included, as the kernel counts it at most.
    [[nodiscard]] size_t bytes() const;

  private:
    [[nodiscard]] std::byte* page_of(uint32_t slot) const {
        return std::atomic_ref(directory_[slot >> kPageShift]).load(std::memory_order_acquire);
    }
    Status add_page(uint32_t page) VEXFS_REQUIRES(mutex_);
    void grow_to(uint32_t slot) VEXFS_REQUIRES(mutex_);
    void raise_end(uint32_t end);
    [[nodiscard]] size_t huge_bytes(uint32_t page, uint32_t end) const;

    const uint32_t row_bytes_;
    const size_t page_bytes_;
    const bool huge_; // a page is made of whole huge pages
    std::byte** directory_;
    Mutex mutex_;
    std::atomic<uint32_t> pages_ = 0;
    std::atomic<uint32_t> row_end_ = 0; // one beyond the highest slot
    std::atomic<uint32_t> due_ = 0;     // the slot that puts the next block on a huge page
};

} // namespace vexfs::index
