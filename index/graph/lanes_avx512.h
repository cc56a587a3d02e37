// SPDX-License-Identifier: Apache-2.0
//
// Pool and visited bits sixteen entries at a time. Interface and rules: lanes_scalar.h.
//
// Threads: pure functions over the caller's arrays.
#pragma once

#include <immintrin.h>

#include "index/graph/lanes_scalar.h"

namespace vexfs::index {
namespace {

struct LanesAvx512 {
    VEXFS_CODE_INLINE void clear(int32_t* distances, uint32_t count) {
        for (uint32_t i = 0; i < count; i += 16)
            _mm512_store_si512(distances + i, _mm512_set1_epi32(INT32_MAX));
    }

    // Entries beyond the size are farther than any distance, so that whole vectors can be compared.
    VEXFS_CODE_INLINE uint32_t rank(const int32_t* distances, uint32_t size, int32_t distance) {
        const __m512i wanted = _mm512_set1_epi32(distance);
        uint32_t below = 0;
        for (uint32_t i = 0; i < size; i += 16) {
            const __m512i sixteen = _mm512_load_si512(distances + i);
            below +=
                static_cast<uint32_t>(__builtin_popcount(_mm512_cmple_epi32_mask(sixteen, wanted)));
        }
        return below;
    }

    VEXFS_CODE_INLINE void shift(int32_t* distances, uint32_t* nodes, uint32_t from, uint32_t end) {
        while (end > from) {
            const uint32_t start = end - from > 16 ? end - 16 : from;
            const auto lanes = static_cast<__mmask16>((1u << (end - start)) - 1);
            const __m512i moved = _mm512_maskz_loadu_epi32(lanes, distances + start);
            const __m512i owners = _mm512_maskz_loadu_epi32(lanes, nodes + start);
            _mm512_mask_storeu_epi32(distances + start + 1, lanes, moved);
            _mm512_mask_storeu_epi32(nodes + start + 1, lanes, owners);
            end = start;
        }
    }

    template <uint32_t kRowLinks>
    VEXFS_CODE_INLINE uint32_t unvisited(const uint32_t* row, uint32_t limit, uint32_t* visited,
                                         uint32_t* fresh) {
#if VEXFS_WORDWISE_LINKS
        return LanesScalar::unvisited<kRowLinks>(row, limit, visited, fresh);
#else
        const __m512i bound = _mm512_set1_epi32(static_cast<int32_t>(limit));
        uint32_t count = 0;
        for (uint32_t i = 0; i < kRowLinks; i += 16) {
            struct Sixteen {
                uint32_t word[16];
            };
            // Each aligned word of a vector load is read whole, and loads are not reordered on x86:
            // sixteen acquire loads in one instruction that the compiler may not repeat or move.
            __m512i nodes;
            __asm__ volatile("vmovdqa64 %1, %0"
                             : "=v"(nodes)
                             : "m"(*reinterpret_cast<const Sixteen*>(row + i))
                             : "memory");
            const __mmask16 present = _mm512_cmplt_epu32_mask(nodes, bound);
            const __m512i words = _mm512_mask_i32gather_epi32(
                _mm512_setzero_si512(), present, _mm512_srli_epi32(nodes, 5), visited, 4);
            const __m512i bits = _mm512_sllv_epi32(_mm512_set1_epi32(1),
                                                   _mm512_and_si512(nodes, _mm512_set1_epi32(31)));
            const __mmask16 unseen = _mm512_mask_testn_epi32_mask(present, words, bits);
            _mm512_storeu_si512(fresh + count, _mm512_maskz_compress_epi32(unseen, nodes));
            const uint32_t found = static_cast<uint32_t>(__builtin_popcount(unseen));
            for (uint32_t end = count + found; count < end; ++count)
                visited[fresh[count] / 32] |= 1u << (fresh[count] % 32);
            if (_mm512_cmpeq_epi32_mask(nodes, _mm512_set1_epi32(-1)) != 0)
                break;
        }
        return count;
#endif
    }
};

} // namespace
} // namespace vexfs::index
