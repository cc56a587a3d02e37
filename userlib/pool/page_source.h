// SPDX-License-Identifier: Apache-2.0
//
// Runs of pages for a pool, counted to the page.
//
// Addresses come from the supply in regions of a mebibyte, pages of the system's memory only when
// they are taken, a few at once where many are in use. A page that is given back is kept for a
// short while, in case it is wanted again: at most a sixteenth of what is in use, and 32. Then the
// system gets it, and the region too when it is empty. Pages next to each other are needed, but
// only by address: a hole costs nothing.
//
// Threads: one thread at a time.
#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <memory>
#include <vector>

#include "userlib/pool/pool.h"

namespace vexfs {

struct PageRun {
    uint32_t region = 0;
    uint16_t first = 0;
    uint16_t count = 0;
};

class PageSource {
  public:
    static constexpr size_t kRegionPages = 256;
    static constexpr size_t kRunPagesMax = 16;

    PageSource(size_t pages_max, PageSupply& supply) : pages_max_(pages_max), supply_(supply) {}
    ~PageSource();
    PageSource(const PageSource&) = delete;
    PageSource& operator=(const PageSource&) = delete;

    // 1..kRunPagesMax pages; what is in them is undefined. ENOMEM.
    Result<PageRun> take(size_t count);
    void give(PageRun run);
    // Gives all spare pages back to the system. Returns how many there were.
    size_t trim();

    [[nodiscard]] std::byte* memory(PageRun run) const {
        return regions_[run.region]->memory + run.first * kPoolPageBytes;
    }
    [[nodiscard]] size_t in_use() const { return in_use_; }
    [[nodiscard]] size_t spare() const { return spare_; }
    [[nodiscard]] size_t metadata_bytes() const;

  private:
    using PageSet = std::bitset<kRegionPages>;

    struct Region {
        std::byte* memory = nullptr;
        PageSet used;
        PageSet spare; // free, but still the system's loss
        // No run as long as this is free here, as far as is known.
        size_t too_long = kRegionPages + 1;
    };

    Result<PageRun> take_from(uint32_t region, size_t count);
    Result<uint32_t> add_region();
    void back(Region& region, size_t first);
    static void trim_region(Region& region);

    size_t pages_max_;
    PageSupply& supply_;
    std::vector<std::unique_ptr<Region>> regions_; // null where one was given back
    // No region before this one has a run of so many pages.
    std::array<uint32_t, kRunPagesMax + 1> search_from_{};
    size_t in_use_ = 0;
    size_t spare_ = 0;
};

} // namespace vexfs
