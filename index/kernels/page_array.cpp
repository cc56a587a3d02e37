// SPDX-License-Identifier: Apache-2.0
#include "index/kernels/page_array.h"

#include <sys/mman.h>

#include <algorithm>

#include "base/assert.h"
#include "base/bytes.h"

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif

namespace vexfs::index {
namespace {

constexpr size_t kHugeBytes = size_t{2} << 20;
// What of a huge page is used before it is taken: what is not is lost memory.
constexpr size_t kHugeUsed = kHugeBytes / 4 * 3;
constexpr size_t kSmallBytes = 4096;
constexpr size_t kDirectoryEntries = kMaxSlots / kRowsPerPage;

// Zeroed memory at a multiple of alignment (a power of two), or nullptr. The kernel backs it when
// it is touched.
std::byte* map_aligned(size_t size_bytes, size_t alignment) {
    const size_t whole = size_bytes + alignment;
    void* place = mmap(nullptr, whole, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (place == MAP_FAILED)
        return nullptr;
    const auto start = reinterpret_cast<uintptr_t>(place);
    const uintptr_t aligned = round_up<uintptr_t>(start, alignment);
    if (aligned > start)
        munmap(place, aligned - start);
    const size_t tail = start + whole - (aligned + size_bytes);
    if (tail > 0)
        munmap(reinterpret_cast<void*>(aligned + size_bytes), tail);
    return reinterpret_cast<std::byte*>(aligned);
}

} // namespace

PageArray::PageArray(uint32_t row_bytes)
    : row_bytes_(row_bytes),
      page_bytes_(round_up<size_t>(size_t{row_bytes} * kRowsPerPage, kSmallBytes)),
      huge_(page_bytes_ % kHugeBytes == 0),
      directory_(reinterpret_cast<std::byte**>(
          map_aligned(kDirectoryEntries * sizeof(std::byte*), kSmallBytes))) {
    VEXFS_ASSERT(row_bytes > 0);
}

PageArray::~PageArray() {
    if (!is_usable())
        return;
    const uint32_t pages = pages_.load();
    for (size_t page = 0, seen = 0; seen < pages && page < kDirectoryEntries; ++page) {
        if (directory_[page] == nullptr)
            continue;
        munmap(directory_[page], page_bytes_);
        ++seen;
    }
    munmap(directory_, kDirectoryEntries * sizeof(std::byte*));
}

Status PageArray::ensure(uint32_t slot) {
    VEXFS_ASSERT(slot < kMaxSlots);
    if (!is_usable())
        return fail(Code::kENOMEM, "pages: memory for the directory");
    if (has(slot) && (!huge_ || slot < due_.load(std::memory_order_relaxed))) {
        raise_end(slot + 1);
        return ok();
    }
    const MutexLock lock(mutex_);
    if (!has(slot))
        VEXFS_TRY_VOID(add_page(slot >> kPageShift));
    raise_end(slot + 1);
    if (huge_ && slot >= due_.load())
        grow_to(slot);
    return ok();
}

void PageArray::raise_end(uint32_t end) {
    uint32_t seen = row_end_.load(std::memory_order_relaxed);
    while (seen < end && !row_end_.compare_exchange_weak(seen, end)) {
    }
}

// How much of the start of a page is on huge pages when `end` is one beyond the highest slot.
size_t PageArray::huge_bytes(uint32_t page, uint32_t end) const {
    const uint64_t first = uint64_t{page} * kRowsPerPage;
    if (!huge_ || end <= first)
        return 0;
    const size_t filled = std::min<uint64_t>(end - first, kRowsPerPage) * row_bytes_;
    return (filled + kHugeBytes - kHugeUsed) / kHugeBytes * kHugeBytes;
}

// Huge pages are a matter of speed only, so a kernel that refuses them is not an error.
Status PageArray::add_page(uint32_t page) {
    std::byte* place = map_aligned(page_bytes_, huge_ ? kHugeBytes : kSmallBytes);
    if (place == nullptr)
        return fail(Code::kENOMEM, "pages: memory for a page of rows");
    const size_t huge = huge_bytes(page, row_end_.load());
    if (huge_)
        madvise(place, page_bytes_, MADV_NOHUGEPAGE); // where all memory would be
    if (huge > 0)
        madvise(place, huge, MADV_HUGEPAGE);
    std::atomic_ref(directory_[page]).store(place, std::memory_order_release);
    pages_.fetch_add(1);
    return ok();
}

// Puts the blocks on huge pages that are due now that the array reaches this slot.
void PageArray::grow_to(uint32_t slot) {
    const uint32_t last = slot >> kPageShift;
    for (uint32_t page = due_.load() >> kPageShift; page <= last; ++page) {
        const size_t huge = huge_bytes(page, slot + 1);
        if (huge == 0 || directory_[page] == nullptr)
            continue;
        madvise(directory_[page], huge, MADV_HUGEPAGE);
        madvise(directory_[page], huge, MADV_COLLAPSE); // what is huge already stays
    }
    const uint64_t next = uint64_t{last} * page_bytes_ + huge_bytes(last, slot + 1);
    const uint64_t due = (next + kHugeUsed) / row_bytes_;
    due_.store(static_cast<uint32_t>(std::min<uint64_t>(due, kMaxSlots)));
}

// Pages fill from their start, so the rows of the highest one beyond row_end_ were never touched.
size_t PageArray::bytes() const {
    const size_t pages = pages_.load();
    const size_t directory = round_up<size_t>(pages * sizeof(std::byte*), kSmallBytes);
    if (pages == 0)
        return directory;
    const uint32_t end = row_end_.load();
    const size_t rows = (end - 1) % kRowsPerPage + 1;
    const size_t small = round_up<size_t>(rows * row_bytes_, kSmallBytes);
    const size_t highest = std::max(small, huge_bytes((end - 1) >> kPageShift, end));
    return directory + (pages - 1) * page_bytes_ + highest;
}

} // namespace vexfs::index
