// SPDX-License-Identifier: Apache-2.0
//
// The kernel of code records for AVX-512 with VNNI (F, BW, VL, DQ, VNNI). The interface is that of
// code_scalar.h; the rule about where it may be included stands there.
//
// VPDPBUSD multiplies unsigned record bytes with signed query bytes and adds groups of four to 32
// bits without saturation: one instruction for 64 components.
//
// Threads: pure functions, any thread.
#pragma once

#include <immintrin.h>

#include "index/kernels/code_scalar.h"

namespace vexfs::index {
namespace {

template <uint32_t kBlocks, uint32_t kBits>
struct CodeAvx512 {
    struct Query {
        const int8_t* bytes;
        uint32_t blocks;
    };
    using Four = __m128i;

    VEXFS_CODE_INLINE uint32_t blocks_of(const Query& query) {
        return kBlocks != 0 ? kBlocks : query.blocks;
    }

    VEXFS_CODE_INLINE Query query(const int8_t* bytes, uint32_t blocks) { return {bytes, blocks}; }

    VEXFS_CODE_INLINE int32_t bias(const uint8_t* record, uint32_t blocks) {
        int32_t value;
        memcpy(&value, record + 64 * static_cast<size_t>(blocks) - 4, sizeof value);
        return value;
    }

    // The products of a record, summed up to sixteen lanes.
    VEXFS_CODE_INLINE __m512i lanes(const uint8_t* record, const Query& query) {
        const __m512i nibble = _mm512_set1_epi8(15);
        const uint32_t blocks = blocks_of(query);
        __m512i sum = _mm512_setzero_si512();
#pragma GCC unroll 8
        for (uint32_t i = 0; i < blocks; ++i) {
            __m512i bytes = _mm512_load_si512(record + 64 * i);
            const int8_t* low = query.bytes + 64 * i;
            if constexpr (kBits == 8) {
                sum = _mm512_dpbusd_epi32(sum, bytes, _mm512_load_si512(low));
            } else {
                const int8_t* high = low + 64 * blocks;
                __m512i upper = _mm512_and_si512(_mm512_srli_epi16(bytes, 4), nibble);
                sum = _mm512_dpbusd_epi32(sum, _mm512_and_si512(bytes, nibble),
                                          _mm512_load_si512(low));
                sum = _mm512_dpbusd_epi32(sum, upper, _mm512_load_si512(high));
            }
        }
        return sum;
    }

    VEXFS_CODE_INLINE __m256i halves(__m512i sum) {
        return _mm256_add_epi32(_mm512_castsi512_si256(sum), _mm512_extracti64x4_epi64(sum, 1));
    }

    VEXFS_CODE_INLINE int32_t wrapping_difference(int32_t a, int32_t b) {
        return static_cast<int32_t>(static_cast<uint32_t>(a) - static_cast<uint32_t>(b));
    }

    VEXFS_CODE_INLINE int32_t distance(const uint8_t* record, const Query& query) {
        int32_t sum = _mm512_reduce_add_epi32(lanes(record, query));
        return wrapping_difference(bias(record, blocks_of(query)), sum);
    }

    VEXFS_CODE_INLINE Four distance4(const uint8_t* const record[4], const Query& query) {
        const uint32_t blocks = blocks_of(query);
        __m256i ab =
            _mm256_hadd_epi32(halves(lanes(record[0], query)), halves(lanes(record[1], query)));
        __m256i cd =
            _mm256_hadd_epi32(halves(lanes(record[2], query)), halves(lanes(record[3], query)));
        __m256i abcd = _mm256_hadd_epi32(ab, cd);
        __m128i sum =
            _mm_add_epi32(_mm256_castsi256_si128(abcd), _mm256_extracti128_si256(abcd, 1));
        __m128i biases = _mm_setr_epi32(bias(record[0], blocks), bias(record[1], blocks),
                                        bias(record[2], blocks), bias(record[3], blocks));
        return _mm_sub_epi32(biases, sum);
    }

    VEXFS_CODE_INLINE uint32_t below(Four four, int32_t limit) {
        return _mm_cmplt_epi32_mask(four, _mm_set1_epi32(limit));
    }

    VEXFS_CODE_INLINE void store(Four four, int32_t* out) {
        _mm_storeu_si128(reinterpret_cast<__m128i*>(out), four);
    }

    VEXFS_CODE_INLINE int32_t decode(const uint8_t* record, int8_t* out, uint32_t run_time_blocks) {
        const uint32_t blocks = kBlocks != 0 ? kBlocks : run_time_blocks;
        const __m512i ones = _mm512_set1_epi8(1);
        __m512i sum = _mm512_setzero_si512();
        for (uint32_t i = 0; i < blocks; ++i) {
            // The last four bytes of the last block are the bias and decode to zero.
            __mmask64 keep = i + 1 == blocks ? 0x0fff'ffff'ffff'ffffULL : ~0ULL;
            __m512i bytes = _mm512_load_si512(record + 64 * i);
            if constexpr (kBits == 8) {
                __m512i value = _mm512_xor_si512(bytes, _mm512_set1_epi8(-128));
                value = _mm512_maskz_max_epi8(keep, value, _mm512_set1_epi8(-127));
                _mm512_store_si512(out + 64 * i, value);
                sum = _mm512_dpbusd_epi32(sum, ones, value);
            } else {
                const __m512i nibble = _mm512_set1_epi8(15), centre = _mm512_set1_epi8(60);
                __m512i low = _mm512_slli_epi16(_mm512_and_si512(bytes, nibble), 3);
                __m512i high = _mm512_srli_epi16(_mm512_andnot_si512(nibble, bytes), 1);
                low = _mm512_maskz_sub_epi8(keep, low, centre);
                high = _mm512_maskz_sub_epi8(keep, high, centre);
                _mm512_store_si512(out + 64 * i, low);
                _mm512_store_si512(out + 64 * (blocks + i), high);
                sum = _mm512_dpbusd_epi32(_mm512_dpbusd_epi32(sum, ones, low), ones, high);
            }
        }
        int32_t total = _mm512_reduce_add_epi32(sum);
        uint32_t centre = static_cast<uint32_t>(kBits == 8 ? total * 128 : total / 2 * 15);
        return static_cast<int32_t>(static_cast<uint32_t>(bias(record, blocks)) + centre);
    }
};

} // namespace
} // namespace vexfs::index
