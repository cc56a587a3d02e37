// SPDX-License-Identifier: Apache-2.0
//
// Sixteen floats of AVX2 and F16C, for the kernel of code_half.h; the rule about where it may be
// included stands in code_scalar.h.
//
// Threads: pure functions, any thread.
#pragma once

#include <immintrin.h>

#include "index/kernels/code_half.h"

namespace vexfs::index {
namespace {

struct SixteenAvx2 {
    struct Floats {
        __m256 low, high;
    };

    VEXFS_CODE_INLINE Floats zeros() { return {_mm256_setzero_ps(), _mm256_setzero_ps()}; }
    VEXFS_CODE_INLINE Floats same(float value) {
        return {_mm256_set1_ps(value), _mm256_set1_ps(value)};
    }
    VEXFS_CODE_INLINE Floats load(const void* from) {
        const auto* floats = static_cast<const float*>(from);
        return {_mm256_load_ps(floats), _mm256_load_ps(floats + 8)};
    }
    VEXFS_CODE_INLINE void store(const Floats& floats, void* to) {
        _mm256_store_ps(static_cast<float*>(to), floats.low);
        _mm256_store_ps(static_cast<float*>(to) + 8, floats.high);
    }
    template <uint32_t count>
    VEXFS_CODE_INLINE Floats halves(const uint8_t* place) {
        const auto* eight = reinterpret_cast<const __m128i*>(place);
        __m128i upper = _mm_load_si128(eight + 1);
        if constexpr (count == 14)
            upper = _mm_insert_epi32(upper, 0, 3);
        return {_mm256_cvtph_ps(_mm_load_si128(eight)), _mm256_cvtph_ps(upper)};
    }
    VEXFS_CODE_INLINE Floats add(const Floats& a, const Floats& b) {
        return {_mm256_add_ps(a.low, b.low), _mm256_add_ps(a.high, b.high)};
    }
    VEXFS_CODE_INLINE Floats add_square(const Floats& sum, const Floats& a, const Floats& b) {
        const __m256 low = _mm256_sub_ps(a.low, b.low), high = _mm256_sub_ps(a.high, b.high);
        return add(sum, {_mm256_mul_ps(low, low), _mm256_mul_ps(high, high)});
    }
    VEXFS_CODE_INLINE float total(const Floats& sums) {
        const __m256 eight = _mm256_add_ps(sums.low, sums.high);
        __m128 four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
        four = _mm_add_ps(four, _mm_movehl_ps(four, four));
        return _mm_cvtss_f32(_mm_add_ss(four, _mm_shuffle_ps(four, four, 1)));
    }
};

} // namespace
} // namespace vexfs::index
