// SPDX-License-Identifier: Apache-2.0
#include "userlib/pool/page_source.h"

#include <algorithm>

#include <sys/mman.h>

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

namespace vexfs {

namespace {

constexpr size_t kRegionBytes = PageSource::kRegionPages * kPoolPageBytes;
constexpr size_t kSpareMin = 32;
constexpr size_t kSpareFraction = 16;
constexpr size_t kBackedAtOnce = 16;

class SystemPages : public PageSupply {
  public:
    std::byte* map(size_t bytes) override {
        void* const memory = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (memory == MAP_FAILED)
            return nullptr;
        // A huge page would be counted as one of ours each time the first byte of it is written.
        static_cast<void>(::madvise(memory, bytes, MADV_NOHUGEPAGE));
        return static_cast<std::byte*>(memory);
    }
    void unmap(std::byte* memory, size_t bytes) override {
        VEXFS_ASSERT(::munmap(memory, bytes) == 0);
    }
};

} // namespace

PageSupply& system_pages() {
    static SystemPages pages;
    return pages;
}

PageSource::~PageSource() {
    for (const auto& region : regions_) {
        if (region)
            supply_.unmap(region->memory, kRegionBytes);
    }
}

size_t PageSource::metadata_bytes() const {
    return regions_.capacity() * sizeof(regions_[0]) + regions_.size() * sizeof(Region);
}

Result<uint32_t> PageSource::add_region() {
    const auto place = std::find(regions_.begin(), regions_.end(), nullptr);
    const auto index = static_cast<uint32_t>(place - regions_.begin());
    auto region = std::make_unique<Region>();
    if (place == regions_.end())
        regions_.emplace_back();
    region->memory = supply_.map(kRegionBytes);
    if (region->memory == nullptr)
        return fail(Code::kENOMEM, "pool: the system has no memory");
    regions_[index] = std::move(region);
    for (uint32_t& from : search_from_)
        from = std::min(from, index);
    return index;
}

Result<PageRun> PageSource::take(size_t count) {
    VEXFS_ASSERT(count >= 1 && count <= kRunPagesMax);
    if (in_use_ + count > pages_max_)
        return fail(Code::kENOMEM, "pool: it has all the pages it may have");
    if (in_use_ + spare_ + count > pages_max_)
        trim();
    uint32_t& from = search_from_[count];
    for (; from < regions_.size(); ++from) {
        if (regions_[from] == nullptr || count >= regions_[from]->too_long)
            continue;
        if (const Result<PageRun> run = take_from(from, count))
            return run;
    }
    return take_from(VEXFS_TRY(add_region()), count);
}

Result<PageRun> PageSource::take_from(uint32_t index, size_t count) {
    Region& region = *regions_[index];
    size_t length = 0;
    for (size_t page = 0; page < kRegionPages; ++page) {
        length = region.used[page] ? 0 : length + 1;
        if (length < count)
            continue;
        const PageRun run{index, static_cast<uint16_t>(page + 1 - count),
                          static_cast<uint16_t>(count)};
        if (!region.spare[run.first])
            back(region, run.first);
        for (size_t i = run.first; i <= page; ++i) {
            region.used.set(i);
            spare_ -= region.spare[i] ? 1 : 0;
            region.spare.reset(i);
        }
        in_use_ += count;
        return run;
    }
    region.too_long = count;
    return fail(Code::kENOMEM, "pool: no such run in this region");
}

// Has the system back some pages at once, which takes it half of what a fault for each takes. Where
// it cannot, they come one by one. Those that nobody takes yet are spare.
void PageSource::back(Region& region, size_t first) {
    const size_t room = std::min(pages_max_ - in_use_ - spare_, in_use_ / kSpareFraction);
    const size_t end = std::min({first + kBackedAtOnce, first + room, kRegionPages});
    size_t last = first;
    while (last < end && !region.used[last] && !region.spare[last])
        ++last;
    if (last <= first + 1 || ::madvise(region.memory + first * kPoolPageBytes,
                                       (last - first) * kPoolPageBytes, MADV_POPULATE_WRITE) != 0)
        return;
    spare_ += last - first;
    for (; first < last; ++first)
        region.spare.set(first);
}

void PageSource::give(PageRun run) {
    Region& region = *regions_[run.region];
    for (size_t i = run.first; i < size_t{run.first} + run.count; ++i) {
        VEXFS_ASSERT(region.used[i]);
        region.used.reset(i);
        region.spare.set(i);
    }
    region.too_long = kRegionPages + 1;
    for (uint32_t& from : search_from_)
        from = std::min(from, run.region);
    in_use_ -= run.count;
    spare_ += run.count;
    if (spare_ > kSpareMin + in_use_ / kSpareFraction)
        trim();
}

size_t PageSource::trim() {
    const size_t before = spare_;
    for (auto& region : regions_) {
        if (region == nullptr || region->spare.none())
            continue;
        spare_ -= region->spare.count();
        if (region->used.none()) {
            supply_.unmap(region->memory, kRegionBytes);
            region = nullptr;
        } else {
            trim_region(*region);
        }
    }
    return before - spare_;
}

void PageSource::trim_region(Region& region) {
    for (size_t first = 0; first < kRegionPages; ++first) {
        size_t end = first;
        while (end < kRegionPages && region.spare[end])
            ++end;
        if (end == first)
            continue;
        VEXFS_ASSERT(::madvise(region.memory + first * kPoolPageBytes,
                               (end - first) * kPoolPageBytes, MADV_DONTNEED) == 0);
        first = end;
    }
    region.spare.reset();
}

} // namespace vexfs
