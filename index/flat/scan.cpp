// SPDX-License-Identifier: Apache-2.0
#include "index/flat/scan.h"

#include <ctime>

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
