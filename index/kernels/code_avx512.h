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
    // The query's vectors; of a width known beforehand they are negated and stay in registers.
    static constexpr uint32_t kHeld = kBlocks * (8 / kBits);
    struct Query {
        const int8_t* bytes;
        uint32_t blocks;
        __m512i negated[kHeld == 0 ? 1 : kHeld];
    };
    using Four = __m128i;

    static constexpr __mmask16 kBiasLane = 1 << 15; // the last four bytes of the last block

    VEXFS_CODE_INLINE uint32_t blocks_of(const Query& query) {
        return kBlocks != 0 ? kBlocks : query.blocks;
    }

    VEXFS_CODE_INLINE Query query(const int8_t* bytes, uint32_t blocks) {
        Query query{bytes, blocks, {}};
#pragma GCC unroll 8
        for (uint32_t i = 0; i < kHeld; ++i) {
            const __m512i values = _mm512_load_si512(bytes + 64 * i);
            query.negated[i] = _mm512_sub_epi8(_mm512_setzero_si512(), values);
        }
        return query;
    }

    VEXFS_CODE_INLINE int32_t bias(const uint8_t* record, uint32_t blocks) {
        int32_t value;
        memcpy(&value, record + 64 * static_cast<size_t>(blocks) - 4, sizeof value);
        return value;
    }

    // Sixteen lanes whose sum is the distance: the products are subtracted from zeros and, in the
    // last lane, from the bias.
    VEXFS_CODE_INLINE __m512i lanes(const uint8_t* record, const Query& query) {
        const uint32_t blocks = blocks_of(query);
        const __m512i last = _mm512_load_si512(record + 64 * static_cast<size_t>(blocks - 1));
        const __m512i bias = _mm512_maskz_mov_epi32(kBiasLane, last);
        __m512i sum = kHeld != 0 ? bias : _mm512_setzero_si512();
#pragma GCC unroll 8
        for (uint32_t i = 0; kBits == 1 && i < 8 * blocks; ++i) {
            const __m512i ones = _mm512_maskz_set1_epi8(bits_at(record + 8 * i), 1);
            sum = _mm512_dpbusd_epi32(sum, ones, values(query, i));
        }
#pragma GCC unroll 8
        for (uint32_t i = 0; kBits != 1 && i < blocks; ++i) {
            const __m512i bytes = _mm512_load_si512(record + 64 * i);
            if constexpr (kBits == 8) {
                sum = _mm512_dpbusd_epi32(sum, bytes, values(query, i));
            } else {
                const __m512i nibble = _mm512_set1_epi8(15);
                const __m512i low = _mm512_and_si512(bytes, nibble);
                const __m512i high = _mm512_and_si512(_mm512_srli_epi16(bytes, 4), nibble);
                sum = _mm512_dpbusd_epi32(sum, low, values(query, i));
                sum = _mm512_dpbusd_epi32(sum, high, values(query, blocks + i));
            }
        }
        return kHeld != 0 ? sum : _mm512_sub_epi32(bias, sum);
    }

    VEXFS_CODE_INLINE __mmask64 bits_at(const uint8_t* place) {
        uint64_t bits;
        memcpy(&bits, place, sizeof bits);
        return bits;
    }

    VEXFS_CODE_INLINE __m512i values(const Query& query, uint32_t i) {
        return kHeld != 0 ? query.negated[kHeld != 0 ? i : 0]
                          : _mm512_load_si512(query.bytes + 64 * static_cast<size_t>(i));
    }

    VEXFS_CODE_INLINE int32_t distance(const uint8_t* record, const Query& query) {
        return _mm512_reduce_add_epi32(lanes(record, query));
    }

    // Adds neighbouring lanes of a and of b: a b a b in every group of four.
    VEXFS_CODE_INLINE __m512i add_pairs(__m512i a, __m512i b) {
        return _mm512_add_epi32(_mm512_unpacklo_epi32(a, b), _mm512_unpackhi_epi32(a, b));
    }

    VEXFS_CODE_INLINE Four distance4(const uint8_t* const record[4], const Query& query) {
        const __m512i ab = add_pairs(lanes(record[0], query), lanes(record[1], query));
        const __m512i cd = add_pairs(lanes(record[2], query), lanes(record[3], query));
        const __m512i abcd =
            _mm512_add_epi32(_mm512_unpacklo_epi64(ab, cd), _mm512_unpackhi_epi64(ab, cd));
        const __m256i half =
            _mm256_add_epi32(_mm512_castsi512_si256(abcd), _mm512_extracti64x4_epi64(abcd, 1));
        return _mm_add_epi32(_mm256_castsi256_si128(half), _mm256_extracti128_si256(half, 1));
    }

    VEXFS_CODE_INLINE uint32_t below(Four four, int32_t limit) {
        return _mm_cmplt_epi32_mask(four, _mm_set1_epi32(limit));
    }

    VEXFS_CODE_INLINE void store(Four four, int32_t* out) {
        _mm_storeu_si128(reinterpret_cast<__m128i*>(out), four);
    }

    struct Batch {
        const int8_t* bytes;
        uint32_t blocks;
    };
    // With the queries' vector, what the load ports and the multipliers finish together.
    static constexpr uint32_t kBatchRows = 8;

    VEXFS_CODE_INLINE Batch batch(const int8_t* bytes, uint32_t run_time_blocks) {
        return {bytes, kBlocks != 0 ? kBlocks : run_time_blocks};
    }

    // Four bytes of a record in every lane, against four of another query in each: no lane has to
    // be added to another.
    template <uint32_t kRows>
    VEXFS_CODE_INLINE void batch_distances(const uint8_t* const* records, const Batch& batch,
                                           int32_t* out) {
        const uint32_t steps = (16 * batch.blocks - 1) * (kBits == 1 ? 8 : 1); // but for the bias
        const size_t high = 1024 * static_cast<size_t>(batch.blocks);
        // Steps are unrolled, too, or the compiler copies every sum once in each of them.
        __m512i sums[kRows];
#pragma GCC unroll 8
        for (uint32_t r = 0; r < kRows; ++r)
            sums[r] = _mm512_setzero_si512();
#pragma GCC unroll 8
        for (uint32_t step = 0; step < steps; ++step) {
            const int8_t* place = batch.bytes + 64 * static_cast<size_t>(step);
            const __m512i low = _mm512_load_si512(place);
#pragma GCC unroll 8
            for (uint32_t r = 0; r < kRows; ++r) {
                const __m512i bytes = four_components(records[r], step);
                if constexpr (kBits != 4) {
                    sums[r] = _mm512_dpbusd_epi32(sums[r], bytes, low);
                } else {
                    const __m512i nibble = _mm512_set1_epi8(15);
                    const __m512i upper = _mm512_and_si512(_mm512_srli_epi16(bytes, 4), nibble);
                    sums[r] = _mm512_dpbusd_epi32(sums[r], _mm512_and_si512(bytes, nibble), low);
                    sums[r] = _mm512_dpbusd_epi32(sums[r], upper, _mm512_load_si512(place + high));
                }
            }
        }
#pragma GCC unroll 8
        for (uint32_t r = 0; r < kRows; ++r) {
            const __m512i bias =
                four_bytes(records[r] + 64 * static_cast<size_t>(batch.blocks) - 4);
            _mm512_storeu_si512(out + 16 * r, _mm512_sub_epi32(bias, sums[r]));
        }
    }

    // Of a step, in every lane: as bytes, or of 4-bit components those of four bytes.
    VEXFS_CODE_INLINE __m512i four_components(const uint8_t* record, uint32_t step) {
        if constexpr (kBits != 1)
            return four_bytes(record + 4 * static_cast<size_t>(step));
        const uint32_t bits = record[step / 2] >> (step % 2 * 4) & 15U;
        return _mm512_set1_epi32(static_cast<int32_t>(bits * 0x204081 & 0x01010101));
    }

    VEXFS_CODE_INLINE __m512i four_bytes(const uint8_t* place) {
        int32_t four;
        memcpy(&four, place, sizeof four);
        return _mm512_set1_epi32(four);
    }

    VEXFS_CODE_INLINE int32_t decode(const uint8_t* record, int8_t* out, uint32_t run_time_blocks) {
        const uint32_t blocks = kBlocks != 0 ? kBlocks : run_time_blocks;
        const __m512i ones = _mm512_set1_epi8(1);
        __m512i sum = _mm512_setzero_si512();
        for (uint32_t i = 0; kBits == 1 && i < 8 * blocks; ++i) {
            const __mmask64 keep = i + 1 == 8 * blocks ? 0xffff'ffffULL : ~0ULL;
            const __m512i either = _mm512_maskz_set1_epi8(keep, -32);
            const __m512i value = _mm512_mask_set1_epi8(either, keep & bits_at(record + 8 * i), 32);
            _mm512_store_si512(out + 64 * i, value);
            sum = _mm512_dpbusd_epi32(sum, ones, value);
        }
        for (uint32_t i = 0; kBits != 1 && i < blocks; ++i) {
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
        uint32_t centre =
            static_cast<uint32_t>(kBits == 8 ? total * 128 : total / 2 * (kBits == 4 ? 15 : 1));
        return static_cast<int32_t>(static_cast<uint32_t>(bias(record, blocks)) + centre);
    }
};

} // namespace
} // namespace vexfs::index
