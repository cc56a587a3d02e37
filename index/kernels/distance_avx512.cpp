// SPDX-License-Identifier: Apache-2.0
//
// Distance kernels with AVX-512 F, BW, DQ, VL and VNNI. Internal code only, see distance_body.h.
//
// Threads: pure functions.
#include <immintrin.h>

#include "index/kernels/distance_body.h"

namespace vexfs::index {
namespace {

struct Avx512 {
    using Floats = __m512;
    using Ints = __m512i;
    static constexpr uint32_t kFloats = 16, kWords = 32, kBytes = 64;

    VEXFS_INLINE Floats zero() { return _mm512_setzero_ps(); }
    VEXFS_INLINE Ints zero_ints() { return _mm512_setzero_si512(); }

    VEXFS_INLINE Floats widen(Element element, __m256i halves) {
        if (element == Element::kF16)
            return _mm512_cvtph_ps(halves);
        return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(halves), 16));
    }
    template <Element kElement>
    VEXFS_INLINE Floats load(const std::byte* at) {
        if constexpr (kElement == Element::kF32)
            return _mm512_loadu_ps(at);
        else
            return widen(kElement, _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at)));
    }
    template <Element kElement>
    VEXFS_INLINE Floats load_part(const std::byte* at, uint32_t count) {
        const auto mask = static_cast<__mmask16>((1U << count) - 1);
        if constexpr (kElement == Element::kF32)
            return _mm512_maskz_loadu_ps(mask, at);
        else
            return widen(kElement, _mm256_maskz_loadu_epi16(mask, at));
    }
    VEXFS_INLINE Floats subtract(Floats a, Floats b) { return _mm512_sub_ps(a, b); }
    VEXFS_INLINE Floats multiply_add(Floats a, Floats b, Floats c) {
        return _mm512_fmadd_ps(a, b, c);
    }
    VEXFS_INLINE float sum(const Floats (&parts)[4]) {
        return _mm512_reduce_add_ps(
            _mm512_add_ps(_mm512_add_ps(parts[0], parts[1]), _mm512_add_ps(parts[2], parts[3])));
    }

    VEXFS_INLINE Ints words(Element element, __m256i bytes) {
        return element == Element::kI8 ? _mm512_cvtepi8_epi16(bytes) : _mm512_cvtepu8_epi16(bytes);
    }
    template <Element kElement>
    VEXFS_INLINE Ints load_words(const std::byte* at) {
        return words(kElement, _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at)));
    }
    template <Element kElement>
    VEXFS_INLINE Ints load_words_part(const std::byte* at, uint32_t count) {
        return words(kElement, _mm256_maskz_loadu_epi8((__mmask32{1} << count) - 1, at));
    }
    VEXFS_INLINE Ints subtract_words(Ints a, Ints b) { return _mm512_sub_epi16(a, b); }
    VEXFS_INLINE Ints add_products(Ints sum, Ints a, Ints b) {
        return _mm512_dpwssd_epi32(sum, a, b);
    }
    // _mm512_reduce_add_epi32 adds signed lanes, which may not wrap.
    VEXFS_INLINE uint32_t sum_ints(Ints sum) {
        const __m256i eight =
            _mm256_add_epi32(_mm512_castsi512_si256(sum), _mm512_extracti64x4_epi64(sum, 1));
        const __m128i four =
            _mm_add_epi32(_mm256_castsi256_si128(eight), _mm256_extracti128_si256(eight, 1));
        const __m128i two = _mm_add_epi32(four, _mm_unpackhi_epi64(four, four));
        return static_cast<uint32_t>(_mm_cvtsi128_si32(two)) +
               static_cast<uint32_t>(_mm_extract_epi32(two, 1));
    }

    VEXFS_INLINE Ints load_bytes(const std::byte* at) { return _mm512_loadu_si512(at); }
    VEXFS_INLINE Ints load_bytes_part(const std::byte* at, uint32_t count) {
        return _mm512_maskz_loadu_epi8((__mmask64{1} << count) - 1, at);
    }
    VEXFS_INLINE Ints bit_xor(Ints a, Ints b) { return _mm512_xor_si512(a, b); }
    VEXFS_INLINE Ints bit_or(Ints a, Ints b) { return _mm512_or_si512(a, b); }
    // Looks the count of each half byte up, then adds the bytes of each 64-bit lane.
    VEXFS_INLINE Ints add_bits(Ints sum, Ints bytes) {
        const __m512i counts =
            _mm512_broadcast_i32x4(_mm_setr_epi8(0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4));
        const __m512i low = _mm512_set1_epi8(15);
        const __m512i of_low = _mm512_shuffle_epi8(counts, _mm512_and_si512(bytes, low));
        const __m512i of_high =
            _mm512_shuffle_epi8(counts, _mm512_and_si512(_mm512_srli_epi16(bytes, 4), low));
        const __m512i of_bytes = _mm512_add_epi8(of_low, of_high);
        return _mm512_add_epi64(sum, _mm512_sad_epu8(of_bytes, _mm512_setzero_si512()));
    }
    VEXFS_INLINE uint32_t sum_bits(Ints sum) {
        return static_cast<uint32_t>(_mm512_reduce_add_epi64(sum));
    }
};

} // namespace

constexpr DistanceTable kAvx512Distances = make_table<Avx512>();

} // namespace vexfs::index
