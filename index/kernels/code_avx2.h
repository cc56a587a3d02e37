// SPDX-License-Identifier: Apache-2.0
//
// The kernel of code records for AVX2. The interface is that of code_scalar.h; the rule about where
// it may be included stands there.
//
// VPMADDUBSW saturates at 16 bits, so unsigned record bytes cannot be multiplied as they are.
// Centred at 128 their magnitude is at most 128, and the sign moves over to the query byte, which
// is within [-127, 127]: a pair of products is then at most 2 * 128 * 127 = 32,512 and exact. What
// the centring takes away, 128 * sum(query), is added back.
//
// Threads: pure functions, any thread.
#pragma once

#include <immintrin.h>

#include "index/kernels/code_scalar.h"

namespace vexfs::index {
namespace {

template <uint32_t kBlocks, uint32_t kBits>
struct CodeAvx2 {
    struct Query {
        const int8_t* bytes;
        uint32_t blocks;
        int32_t centre; // 128 * sum of the bytes (8 bit), else 0
    };
    using Four = __m128i;

    VEXFS_CODE_INLINE uint32_t blocks_of(const Query& query) {
        return kBlocks != 0 ? kBlocks : query.blocks;
    }

    VEXFS_CODE_INLINE __m256i load(const void* from) {
        return _mm256_load_si256(static_cast<const __m256i*>(from));
    }

    VEXFS_CODE_INLINE int32_t lane_sum(__m256i lanes) {
        __m128i sum =
            _mm_add_epi32(_mm256_castsi256_si128(lanes), _mm256_extracti128_si256(lanes, 1));
        sum = _mm_add_epi32(sum, _mm_shuffle_epi32(sum, 0x4e));
        sum = _mm_add_epi32(sum, _mm_shuffle_epi32(sum, 0xb1));
        return _mm_cvtsi128_si32(sum);
    }

    VEXFS_CODE_INLINE __m256i byte_sums(__m256i sum, __m256i bytes) {
        __m256i pairs = _mm256_maddubs_epi16(_mm256_set1_epi8(1), bytes);
        return _mm256_add_epi32(sum, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
    }

    VEXFS_CODE_INLINE Query query(const int8_t* bytes, uint32_t run_time_blocks) {
        const uint32_t blocks = kBlocks != 0 ? kBlocks : run_time_blocks;
        if constexpr (kBits != 8)
            return {bytes, blocks, 0};
        __m256i sum = _mm256_setzero_si256();
        for (uint32_t i = 0; i < 2 * blocks; ++i)
            sum = byte_sums(sum, load(bytes + 32 * i));
        return {bytes, blocks, 128 * lane_sum(sum)};
    }

    VEXFS_CODE_INLINE int32_t bias(const uint8_t* record, uint32_t blocks) {
        int32_t value;
        memcpy(&value, record + 64 * static_cast<size_t>(blocks) - 4, sizeof value);
        return value;
    }

    // The products of a record, summed up to eight lanes; centred when the record has 8 bits.
    VEXFS_CODE_INLINE __m256i lanes(const uint8_t* record, const Query& query) {
        const uint32_t blocks = blocks_of(query);
        const __m256i ones = _mm256_set1_epi16(1);
        __m256i sum = _mm256_setzero_si256();
        for (uint32_t i = 0; kBits == 1 && i < 16 * blocks; ++i) {
            const __m256i chosen = spread_bits(record + 4 * i);
            sum = byte_sums(sum, _mm256_and_si256(chosen, load(query.bytes + 32 * i)));
        }
#pragma GCC unroll 8
        for (uint32_t i = 0; kBits != 1 && i < 2 * blocks; ++i) {
            __m256i bytes = load(record + 32 * i);
            const int8_t* low = query.bytes + 32 * i;
            __m256i pairs;
            if constexpr (kBits == 8) {
                __m256i value = _mm256_xor_si256(bytes, _mm256_set1_epi8(-128));
                pairs = _mm256_maddubs_epi16(_mm256_abs_epi8(value),
                                             _mm256_sign_epi8(load(low), value));
            } else {
                const __m256i nibble = _mm256_set1_epi8(15);
                __m256i upper = _mm256_and_si256(_mm256_srli_epi16(bytes, 4), nibble);
                pairs = _mm256_maddubs_epi16(_mm256_and_si256(bytes, nibble), load(low));
                pairs =
                    _mm256_add_epi16(pairs, _mm256_maddubs_epi16(upper, load(low + 64 * blocks)));
            }
            sum = _mm256_add_epi32(sum, _mm256_madd_epi16(pairs, ones));
        }
        return sum;
    }

    // 32 bits as bytes of all ones or none.
    VEXFS_CODE_INLINE __m256i spread_bits(const uint8_t* place) {
        const __m256i byte_of =
            _mm256_setr_epi64x(0, 0x0101010101010101, 0x0202020202020202, 0x0303030303030303);
        const __m256i bit_of = _mm256_set1_epi64x(static_cast<int64_t>(0x8040201008040201));
        const __m256i bytes = _mm256_shuffle_epi8(four_bytes(place), byte_of);
        return _mm256_cmpeq_epi8(_mm256_and_si256(bytes, bit_of), bit_of);
    }

    VEXFS_CODE_INLINE int32_t distance(const uint8_t* record, const Query& query) {
        uint32_t sum = static_cast<uint32_t>(lane_sum(lanes(record, query))) +
                       static_cast<uint32_t>(query.centre);
        return static_cast<int32_t>(static_cast<uint32_t>(bias(record, blocks_of(query))) - sum);
    }

    VEXFS_CODE_INLINE Four distance4(const uint8_t* const record[4], const Query& query) {
        const uint32_t blocks = blocks_of(query);
        __m256i ab = _mm256_hadd_epi32(lanes(record[0], query), lanes(record[1], query));
        __m256i cd = _mm256_hadd_epi32(lanes(record[2], query), lanes(record[3], query));
        __m256i abcd = _mm256_hadd_epi32(ab, cd);
        __m128i sum =
            _mm_add_epi32(_mm256_castsi256_si128(abcd), _mm256_extracti128_si256(abcd, 1));
        __m128i biases = _mm_setr_epi32(bias(record[0], blocks), bias(record[1], blocks),
                                        bias(record[2], blocks), bias(record[3], blocks));
        return _mm_sub_epi32(biases, _mm_add_epi32(sum, _mm_set1_epi32(query.centre)));
    }

    VEXFS_CODE_INLINE uint32_t below(Four four, int32_t limit) {
        __m128i nearer = _mm_cmplt_epi32(four, _mm_set1_epi32(limit));
        return static_cast<uint32_t>(_mm_movemask_ps(_mm_castsi128_ps(nearer)));
    }

    VEXFS_CODE_INLINE void store(Four four, int32_t* out) {
        _mm_storeu_si128(reinterpret_cast<__m128i*>(out), four);
    }

    struct Batch {
        const int8_t* bytes;
        uint32_t blocks;
        __m256i centre[2]; // as that of Query, of eight queries each
    };
    static constexpr uint32_t kBatchRows = 4;

    VEXFS_CODE_INLINE Batch batch(const int8_t* bytes, uint32_t run_time_blocks) {
        Batch batch{bytes, kBlocks != 0 ? kBlocks : run_time_blocks, {}};
        for (uint32_t half = 0; half < 2; ++half) {
            __m256i sum = _mm256_setzero_si256();
            for (uint32_t step = 0; kBits == 8 && step + 1 < 16 * batch.blocks; ++step)
                sum = byte_sums(sum, load(bytes + 64 * step + 32 * half));
            batch.centre[half] = _mm256_slli_epi32(sum, 7);
        }
        return batch;
    }

    // Four bytes of a record in every lane, against four of another query in each: no lane has to
    // be added to another.
    template <uint32_t kRows>
    VEXFS_CODE_INLINE void batch_distances(const uint8_t* const* records, const Batch& batch,
                                           int32_t* out) {
        const uint32_t steps = (16 * batch.blocks - 1) * (kBits == 1 ? 8 : 1); // but for the bias
        __m256i sums[kRows][2];
#pragma GCC unroll 8
        for (uint32_t r = 0; r < kRows; ++r)
            sums[r][0] = batch.centre[0], sums[r][1] = batch.centre[1];
        for (uint32_t step = 0; step < steps; ++step) {
            const int8_t* place = batch.bytes + 64 * static_cast<size_t>(step);
#pragma GCC unroll 8
            for (uint32_t r = 0; r < kRows; ++r) {
                const __m256i bytes = four_components(records[r], step);
                sums[r][0] = add_products(sums[r][0], bytes, place, batch.blocks);
                sums[r][1] = add_products(sums[r][1], bytes, place + 32, batch.blocks);
            }
        }
#pragma GCC unroll 8
        for (uint32_t r = 0; r < kRows; ++r) {
            const __m256i bias =
                four_bytes(records[r] + 64 * static_cast<size_t>(batch.blocks) - 4);
            auto* place = reinterpret_cast<__m256i*>(out + 16 * r);
            _mm256_storeu_si256(place, _mm256_sub_epi32(bias, sums[r][0]));
            _mm256_storeu_si256(place + 1, _mm256_sub_epi32(bias, sums[r][1]));
        }
    }

    // Of a step, in every lane: as bytes, or of 4-bit components those of four bytes.
    VEXFS_CODE_INLINE __m256i four_components(const uint8_t* record, uint32_t step) {
        if constexpr (kBits != 1)
            return four_bytes(record + 4 * static_cast<size_t>(step));
        const uint32_t bits = record[step / 2] >> (step % 2 * 4) & 15U;
        return _mm256_set1_epi32(static_cast<int32_t>(bits * 0x204081 & 0x01010101));
    }

    VEXFS_CODE_INLINE __m256i four_bytes(const uint8_t* place) {
        int32_t four;
        memcpy(&four, place, sizeof four);
        return _mm256_set1_epi32(four);
    }

    VEXFS_CODE_INLINE __m256i add_products(__m256i sum, __m256i bytes, const int8_t* low,
                                           uint32_t blocks) {
        __m256i pairs;
        if constexpr (kBits == 8) {
            const __m256i value = _mm256_xor_si256(bytes, _mm256_set1_epi8(-128));
            pairs =
                _mm256_maddubs_epi16(_mm256_abs_epi8(value), _mm256_sign_epi8(load(low), value));
        } else if constexpr (kBits == 1) {
            pairs = _mm256_maddubs_epi16(bytes, load(low));
        } else {
            const __m256i nibble = _mm256_set1_epi8(15);
            const __m256i upper = _mm256_and_si256(_mm256_srli_epi16(bytes, 4), nibble);
            const size_t high = 1024 * static_cast<size_t>(blocks);
            pairs = _mm256_maddubs_epi16(_mm256_and_si256(bytes, nibble), load(low));
            pairs = _mm256_add_epi16(pairs, _mm256_maddubs_epi16(upper, load(low + high)));
        }
        return _mm256_add_epi32(sum, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
    }

    VEXFS_CODE_INLINE int32_t decode(const uint8_t* record, int8_t* out, uint32_t run_time_blocks) {
        const uint32_t blocks = kBlocks != 0 ? kBlocks : run_time_blocks;
        __m256i sum = _mm256_setzero_si256();
        for (uint32_t i = 0; kBits == 1 && i < 16 * blocks; ++i) {
            const __m256i keep = _mm256_set1_epi8(i + 1 == 16 * blocks ? 0 : -1);
            const __m256i either = _mm256_blendv_epi8(_mm256_set1_epi8(-32), _mm256_set1_epi8(32),
                                                      spread_bits(record + 4 * i));
            const __m256i value = _mm256_and_si256(either, keep);
            _mm256_store_si256(reinterpret_cast<__m256i*>(out + 32 * i), value);
            sum = byte_sums(sum, value);
        }
        for (uint32_t i = 0; kBits != 1 && i < 2 * blocks; ++i) {
            // The last four bytes of the record are the bias and decode to zero.
            const int32_t last = i + 1 == 2 * blocks ? 0 : -1;
            const __m256i keep = _mm256_setr_epi32(-1, -1, -1, -1, -1, -1, -1, last);
            __m256i bytes = load(record + 32 * i);
            if constexpr (kBits == 8) {
                __m256i value = _mm256_xor_si256(bytes, _mm256_set1_epi8(-128));
                value = _mm256_and_si256(_mm256_max_epi8(value, _mm256_set1_epi8(-127)), keep);
                _mm256_store_si256(reinterpret_cast<__m256i*>(out + 32 * i), value);
                sum = byte_sums(sum, value);
            } else {
                const __m256i nibble = _mm256_set1_epi8(15), centre = _mm256_set1_epi8(60);
                __m256i low = _mm256_slli_epi16(_mm256_and_si256(bytes, nibble), 3);
                __m256i high = _mm256_srli_epi16(_mm256_andnot_si256(nibble, bytes), 1);
                low = _mm256_and_si256(_mm256_sub_epi8(low, centre), keep);
                high = _mm256_and_si256(_mm256_sub_epi8(high, centre), keep);
                int8_t* upper = out + 64 * static_cast<size_t>(blocks) + 32 * i;
                _mm256_store_si256(reinterpret_cast<__m256i*>(out + 32 * i), low);
                _mm256_store_si256(reinterpret_cast<__m256i*>(upper), high);
                sum = byte_sums(byte_sums(sum, low), high);
            }
        }
        int32_t total = lane_sum(sum);
        uint32_t centre =
            static_cast<uint32_t>(kBits == 8 ? total * 128 : total / 2 * (kBits == 4 ? 15 : 1));
        return static_cast<int32_t>(static_cast<uint32_t>(bias(record, blocks)) + centre);
    }
};

} // namespace
} // namespace vexfs::index
