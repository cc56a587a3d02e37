// SPDX-License-Identifier: Apache-2.0
#include "index/flat/scan.h"

#include <algorithm>
#include <bit>
#include <ctime>
#include <numeric>

#include "index/flat/batch_scan.h"
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

namespace {

// The words of a block's rows; nullptr if there are none.
const uint64_t* state_words(const RowStates& states, uint32_t block) {
    static_assert(kRowsPerPage % kScanBlock == 0);
    const uint32_t slot = block * kScanBlock;
    const uint64_t* page = __atomic_load_n(&states.pages[slot >> kPageShift], __ATOMIC_ACQUIRE);
    return page == nullptr ? nullptr : page + (slot & (kRowsPerPage - 1)) / 8;
}

} // namespace

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

uint32_t within_each(const int32_t* distances, const int32_t* limits) {
    const auto beyond = [&](uint32_t i) {
        const auto* lanes = reinterpret_cast<const __m128i*>(distances + i);
        const auto* most = reinterpret_cast<const __m128i*>(limits + i);
        return _mm_cmpgt_epi32(_mm_loadu_si128(lanes), _mm_loadu_si128(most));
    };
    const __m128i low = _mm_packs_epi32(beyond(0), beyond(4));
    const __m128i high = _mm_packs_epi32(beyond(8), beyond(12));
    return static_cast<uint16_t>(~_mm_movemask_epi8(_mm_packs_epi16(low, high)));
}

void lowest_lanes(const int32_t* distances, uint32_t blocks, int32_t* lowest) {
    constexpr uint32_t kStrip = 16; // lanes whose minima stay in registers
    for (uint32_t lane = 0; lane < kScanBlock; lane += kStrip) {
        __m128i low[kStrip / 4];
#pragma GCC unroll 4
        for (__m128i& lanes : low)
            lanes = _mm_set1_epi32(INT32_MAX);
        for (uint32_t block = 0; block < blocks; ++block) {
            const int32_t* strip = distances + size_t{block} * kScanBlock + lane;
#pragma GCC unroll 4
            for (uint32_t i = 0; i < kStrip / 4; ++i) {
                const __m128i other =
                    _mm_loadu_si128(reinterpret_cast<const __m128i*>(strip + size_t{4} * i));
                const __m128i farther = _mm_cmpgt_epi32(low[i], other);
                low[i] =
                    _mm_or_si128(_mm_and_si128(farther, other), _mm_andnot_si128(farther, low[i]));
            }
        }
#pragma GCC unroll 4
        for (uint32_t i = 0; i < kStrip / 4; ++i)
            _mm_storeu_si128(reinterpret_cast<__m128i*>(lowest + lane + size_t{4} * i), low[i]);
    }
}

uint64_t readable_rows(const RowStates& states, uint32_t block) {
    const uint64_t* words = state_words(states, block);
    if (words == nullptr)
        return 0;
    const __m128i mask = _mm_set1_epi8(static_cast<char>(states.mask));
    const __m128i readable = _mm_set1_epi8(static_cast<char>(states.readable));
    uint64_t rows = 0;
    for (uint32_t i = 0; i < kScanBlock / 8; i += 2) {
        const auto low = static_cast<int64_t>(__atomic_load_n(&words[i], __ATOMIC_ACQUIRE));
        const auto high = static_cast<int64_t>(__atomic_load_n(&words[i + 1], __ATOMIC_ACQUIRE));
        const __m128i bytes = _mm_and_si128(_mm_set_epi64x(high, low), mask);
        const auto bits = static_cast<uint32_t>(_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, readable)));
        rows |= uint64_t{bits} << (8 * i);
    }
    return rows;
}

#else

uint64_t within(const int32_t* distances, int32_t limit) {
    uint64_t mask = 0;
    for (uint32_t i = 0; i < kScanBlock; ++i)
        mask |= uint64_t{distances[i] <= limit} << i;
    return mask;
}

uint32_t within_each(const int32_t* distances, const int32_t* limits) {
    uint32_t mask = 0;
    for (uint32_t q = 0; q < kBatchQueries; ++q)
        mask |= uint32_t{distances[q] <= limits[q]} << q;
    return mask;
}

void lowest_lanes(const int32_t* distances, uint32_t blocks, int32_t* lowest) {
    std::fill_n(lowest, kScanBlock, INT32_MAX);
    for (uint32_t i = 0; i < blocks * kScanBlock; ++i)
        lowest[i % kScanBlock] = std::min(lowest[i % kScanBlock], distances[i]);
}

// As one number: after the xor a byte is 0 where the row may be read, and adding 127 carries into
// the top bit of every other byte. The product gathers the top bits.
uint64_t readable_rows(const RowStates& states, uint32_t block) {
    constexpr uint64_t kEach = 0x0101010101010101;
    const uint64_t* words = state_words(states, block);
    uint64_t rows = 0;
    for (uint32_t i = 0; words != nullptr && i < kScanBlock / 8; ++i) {
        const uint64_t bytes = __atomic_load_n(&words[i], __ATOMIC_ACQUIRE);
        const uint64_t differing = (bytes & states.mask * kEach) ^ states.readable * kEach;
        const uint64_t equal = ~(differing + 0x7f * kEach) & 0x80 * kEach;
        rows |= (equal >> 7) * 0x0102040810204080 >> 56 << (8 * i);
    }
    return rows;
}

#endif

// Halves the range of the distances until the bound is good enough: a pass over them costs less
// than a branch of a selection algorithm that is guessed wrong.
int32_t bound_of(const int32_t* distances, uint32_t wanted) {
    int32_t low = INT32_MAX;
    int32_t high = INT32_MIN; // within it are enough
    for (uint32_t i = 0; i < kScanBlock; ++i) {
        low = std::min(low, distances[i]);
        high = std::max(high, distances[i]);
    }
    while (low < high) {
        const int32_t middle = std::midpoint(low, high);
        const auto count = static_cast<uint32_t>(std::popcount(within(distances, middle)));
        if (count < wanted) {
            low = middle + 1;
            continue;
        }
        high = middle;
        if (count <= wanted + wanted / 4)
            break;
    }
    return high;
}

} // namespace vexfs::index
