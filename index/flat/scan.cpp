// SPDX-License-Identifier: Apache-2.0
#include "index/flat/scan.h"

#include <bit>
#include <ctime>

#include "index/kernels/page_shape.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace vexfs::index {
Status ScanStop::check() const {
    if (cancel != nullptr && __atomic_load_n(cancel, __ATOMIC_RELAXED) != 0)
        return fail(Code::kECANCELED, "scan: cancelled");
    if (deadline_ns == 0)
        return ok();
    timespec time{};
    clock_gettime(CLOCK_MONOTONIC, &time);
    if (time.tv_sec * int64_t{1'000'000'000} + time.tv_nsec >= deadline_ns)
        return fail(Code::kETIMEDOUT, "scan: the deadline passed");
    return ok();
}

// Eight bytes at a time, as one number: after the xor a byte is 0 where the row may be read, and
// adding 127 carries into the top bit of every other byte. The product gathers the top bits.
uint64_t readable_rows(const RowStates& states, uint32_t block) {
    static_assert(std::endian::native == std::endian::little && kRowsPerPage % kScanBlock == 0);
    constexpr uint64_t kEach = 0x0101010101010101;
    const uint32_t slot = block * kScanBlock;
    const uint8_t* page = __atomic_load_n(&states.pages[slot >> kPageShift], __ATOMIC_ACQUIRE);
    if (page == nullptr)
        return 0;
    const auto* words = reinterpret_cast<const uint64_t*>(page + (slot & (kRowsPerPage - 1)));
    uint64_t mask = 0;
    for (uint32_t i = 0; i < kScanBlock / 8; ++i) {
        const uint64_t bytes = __atomic_load_n(&words[i], __ATOMIC_ACQUIRE);
        const uint64_t differing = (bytes & states.mask * kEach) ^ states.readable * kEach;
        const uint64_t equal = ~(differing + 0x7f * kEach) & 0x80 * kEach;
        mask |= (equal >> 7) * 0x0102040810204080 >> 56 << (8 * i);
    }
    return mask;
}

uint64_t selected_rows(const ScanRows& rows, uint32_t block) {
    const uint32_t left = std::min(rows.size - block * kScanBlock, kScanBlock);
    uint64_t selected = UINT64_MAX >> (kScanBlock - left);
    if (rows.allowed != nullptr)
        selected &= block < rows.allowed->word_count() ? rows.allowed->words[block] : 0;
    if (rows.states != nullptr && selected != 0)
        selected &= readable_rows(*rows.states, block);
    return selected;
}

#if defined(__SSE2__)

// SSE2 belongs to every x86-64 machine: compare, narrow the lanes to bytes, take a bit of each.
uint64_t within(const int32_t* distances, int32_t limit) {
    const __m128i limits = _mm_set1_epi32(limit);
    const auto beyond = [&](uint32_t i) {
        const auto* lanes = reinterpret_cast<const __m128i*>(distances + i);
        return _mm_cmpgt_epi32(_mm_loadu_si128(lanes), limits);
    };
    uint64_t mask = 0;
    for (uint32_t i = 0; i < kScanBlock; i += 16) {
        const __m128i low = _mm_packs_epi32(beyond(i), beyond(i + 4));
        const __m128i high = _mm_packs_epi32(beyond(i + 8), beyond(i + 12));
        const auto bits = static_cast<uint32_t>(_mm_movemask_epi8(_mm_packs_epi16(low, high)));
        mask |= uint64_t{bits} << i;
    }
    return ~mask;
}

#else

uint64_t within(const int32_t* distances, int32_t limit) {
    uint64_t mask = 0;
    for (uint32_t i = 0; i < kScanBlock; ++i)
        mask |= uint64_t{distances[i] <= limit} << i;
    return mask;
}

#endif

} // namespace vexfs::index
