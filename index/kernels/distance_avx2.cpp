// SPDX-License-Identifier: Apache-2.0
//
// Distance kernels with AVX2, FMA and F16C. Internal code only, see distance_body.h.
//
// Threads: pure functions.
#include <immintrin.h>

#include "index/kernels/distance_body.h"

namespace vexfs::index {
namespace {

struct Avx2 {
    using Floats = __m256;
    using Ints = __m256i;
    static constexpr uint32_t kFloats = 8, kWords = 16, kBytes = 32;

    VEXFS_INLINE Floats zero() { return _mm256_setzero_ps(); }
    VEXFS_INLINE Ints zero_ints() { return _mm256_setzero_si256(); }

    VEXFS_INLINE __m128i load_half(const std::byte* at) {
        return _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    }
    template <Element kElement>
    VEXFS_INLINE Floats load(const std::byte* at) {
        if constexpr (kElement == Element::kF32)
            return _mm256_loadu_ps(reinterpret_cast<const float*>(at));
        else if constexpr (kElement == Element::kF16)
            return _mm256_cvtph_ps(load_half(at));
        else
            return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(load_half(at)), 16));
    }
    template <Element kElement>
    VEXFS_INLINE Floats load_part(const std::byte* at, uint32_t count) {
        std::byte room[32] = {};
        __builtin_memcpy(room, at, count * size_of(kElement));
        return load<kElement>(room);
    }
    VEXFS_INLINE Floats subtract(Floats a, Floats b) { return _mm256_sub_ps(a, b); }
    VEXFS_INLINE Floats multiply_add(Floats a, Floats b, Floats c) {
        return _mm256_fmadd_ps(a, b, c);
    }
    VEXFS_INLINE float sum(const Floats (&parts)[4]) {
        const __m256 all =
            _mm256_add_ps(_mm256_add_ps(parts[0], parts[1]), _mm256_add_ps(parts[2], parts[3]));
        const __m128 four = _mm_add_ps(_mm256_castps256_ps128(all), _mm256_extractf128_ps(all, 1));
        const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
        return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
    }

    template <Element kElement>
    VEXFS_INLINE Ints load_words(const std::byte* at) {
        if constexpr (kElement == Element::kI8)
            return _mm256_cvtepi8_epi16(load_half(at));
        else
            return _mm256_cvtepu8_epi16(load_half(at));
    }
    template <Element kElement>
    VEXFS_INLINE Ints load_words_part(const std::byte* at, uint32_t count) {
        std::byte room[16] = {};
        __builtin_memcpy(room, at, count);
        return load_words<kElement>(room);
    }
    VEXFS_INLINE Ints subtract_words(Ints a, Ints b) { return _mm256_sub_epi16(a, b); }
    VEXFS_INLINE Ints add_products(Ints sum, Ints a, Ints b) {
        return _mm256_add_epi32(sum, _mm256_madd_epi16(a, b));
    }
    VEXFS_INLINE uint32_t sum_ints(Ints sum) {
        const __m128i four =
            _mm_add_epi32(_mm256_castsi256_si128(sum), _mm256_extracti128_si256(sum, 1));
        const __m128i two = _mm_add_epi32(four, _mm_unpackhi_epi64(four, four));
        return static_cast<uint32_t>(_mm_cvtsi128_si32(two)) +
               static_cast<uint32_t>(_mm_extract_epi32(two, 1));
    }

    VEXFS_INLINE Ints load_bytes(const std::byte* at) {
        return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at));
    }
    VEXFS_INLINE Ints load_bytes_part(const std::byte* at, uint32_t count) {
        std::byte room[32] = {};
        __builtin_memcpy(room, at, count);
        return load_bytes(room);
    }
    VEXFS_INLINE Ints bit_xor(Ints a, Ints b) { return _mm256_xor_si256(a, b); }
    VEXFS_INLINE Ints bit_or(Ints a, Ints b) { return _mm256_or_si256(a, b); }
    // Looks the count of each half byte up, then adds the bytes of each 64-bit lane.
    VEXFS_INLINE Ints add_bits(Ints sum, Ints bytes) {
        const __m256i counts = _mm256_broadcastsi128_si256(
            _mm_setr_epi8(0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4));
        const __m256i low = _mm256_set1_epi8(15);
        const __m256i of_low = _mm256_shuffle_epi8(counts, _mm256_and_si256(bytes, low));
        const __m256i of_high =
            _mm256_shuffle_epi8(counts, _mm256_and_si256(_mm256_srli_epi16(bytes, 4), low));
        const __m256i of_bytes = _mm256_add_epi8(of_low, of_high);
        return _mm256_add_epi64(sum, _mm256_sad_epu8(of_bytes, _mm256_setzero_si256()));
    }
    // The upper half of each 64-bit lane is 0.
    VEXFS_INLINE uint32_t sum_bits(Ints sum) { return sum_ints(sum); }
};

} // namespace

constexpr DistanceTable kAvx2Distances = make_table<Avx2>();

} // namespace vexfs::index
