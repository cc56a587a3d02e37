// SPDX-License-Identifier: Apache-2.0
//
// Sixteen floats of AVX-512, for the kernel of code_half.h; the rule about where it may be included
// stands in code_scalar.h.
//
// Threads: pure functions, any thread.
#pragma once

#include <immintrin.h>

#include "index/kernels/code_half.h"

namespace vexfs::index {
namespace {

struct SixteenAvx512 {
    using Floats = __m512;

    VEXFS_CODE_INLINE Floats zeros() { return _mm512_setzero_ps(); }
    VEXFS_CODE_INLINE Floats same(float value) { return _mm512_set1_ps(value); }
    VEXFS_CODE_INLINE Floats load(const void* from) { return _mm512_load_ps(from); }
    VEXFS_CODE_INLINE void store(Floats floats, void* to) { _mm512_store_ps(to, floats); }
    template <uint32_t count>
    VEXFS_CODE_INLINE Floats halves(const uint8_t* place) {
        const __m256i all = _mm256_load_si256(reinterpret_cast<const __m256i*>(place));
        return _mm512_maskz_cvtph_ps(static_cast<__mmask16>((1U << count) - 1), all);
    }
    VEXFS_CODE_INLINE Floats add(Floats a, Floats b) { return _mm512_add_ps(a, b); }
    VEXFS_CODE_INLINE Floats add_square(Floats sum, Floats a, Floats b) {
        const Floats apart = _mm512_sub_ps(a, b);
        return _mm512_add_ps(sum, _mm512_mul_ps(apart, apart));
    }
    VEXFS_CODE_INLINE float total(Floats sums) {
        const __m256 eight =
            _mm256_add_ps(_mm512_castps512_ps256(sums), _mm512_extractf32x8_ps(sums, 1));
        __m128 four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
        four = _mm_add_ps(four, _mm_movehl_ps(four, four));
        return _mm_cvtss_f32(_mm_add_ss(four, _mm_shuffle_ps(four, four, 1)));
    }
};

} // namespace
} // namespace vexfs::index
