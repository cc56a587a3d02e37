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

    // Whole aligned vectors are read and written, so that the next insert reads what this one wrote
    // without waiting for the cache. With v before the first entry, entry j becomes the smaller of
    // itself and the larger of its predecessor and v.
    VEXFS_CODE_INLINE uint32_t insert(int32_t* distances, uint32_t* nodes, uint32_t last,
                                      int32_t distance, uint32_t node) {
        const __m512i v = _mm512_set1_epi32(distance);
        __m512i before = v;
        __m512i before_nodes = _mm512_set1_epi32(static_cast<int32_t>(node));
        const __m512i owner = before_nodes;
        uint32_t place = 0;
        for (uint32_t i = 0; i <= last; i += 16) {
            const __m512i here = _mm512_load_si512(distances + i);
            const __m512i here_nodes = _mm512_load_si512(nodes + i);
            const __mmask16 stay = _mm512_cmple_epi32_mask(here, v);
            place += static_cast<uint32_t>(__builtin_popcount(stay));
            const __m512i shifted = _mm512_alignr_epi32(here, before, 15);
            const __m512i shifted_nodes = _mm512_alignr_epi32(here_nodes, before_nodes, 15);
            const __mmask16 follow = _mm512_cmple_epi32_mask(shifted, v);
            const __m512i moved = _mm512_mask_mov_epi32(shifted_nodes, follow, owner);
            _mm512_store_si512(distances + i, _mm512_min_epi32(here, _mm512_max_epi32(shifted, v)));
            _mm512_store_si512(nodes + i, _mm512_mask_mov_epi32(moved, stay, here_nodes));
            before = here;
            before_nodes = here_nodes;
        }
        return place;
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
