// SPDX-License-Identifier: Apache-2.0
//
// Pool and visited bits eight entries at a time. Interface and rules: lanes_scalar.h.
//
// Threads: pure functions over the caller's arrays.
#pragma once

#include <immintrin.h>

#include "index/graph/lanes_scalar.h"

namespace vexfs::index {
namespace {

struct LanesAvx2 {
    VEXFS_CODE_INLINE void clear(int32_t* distances, uint32_t count) {
        LanesScalar::clear(distances, count);
    }

    VEXFS_CODE_INLINE uint32_t insert(int32_t* distances, uint32_t* nodes, uint32_t last,
                                      int32_t distance, uint32_t node) {
        const uint32_t place = rank(distances, last, distance);
        shift(distances, nodes, place, last);
        distances[place] = distance;
        nodes[place] = node;
        return place;
    }

    template <uint32_t kRowLinks>
    VEXFS_CODE_INLINE uint32_t unvisited(const uint32_t* row, uint32_t limit, uint32_t* visited,
                                         uint32_t* fresh) {
        return LanesScalar::unvisited<kRowLinks>(row, limit, visited, fresh);
    }

  private:
    // Entries from `end` on are farther, so that whole vectors can be compared.
    VEXFS_CODE_INLINE uint32_t rank(const int32_t* distances, uint32_t end, int32_t distance) {
        const __m256i wanted = _mm256_set1_epi32(distance);
        __m256i farther = _mm256_setzero_si256();
        uint32_t compared = 0;
        for (; compared < end; compared += 8) {
            const auto* eight = reinterpret_cast<const __m256i*>(distances + compared);
            farther =
                _mm256_add_epi32(farther, _mm256_cmpgt_epi32(_mm256_load_si256(eight), wanted));
        }
        __m128i sum =
            _mm_add_epi32(_mm256_castsi256_si128(farther), _mm256_extracti128_si256(farther, 1));
        sum = _mm_add_epi32(sum, _mm_shuffle_epi32(sum, 0x4e));
        sum = _mm_add_epi32(sum, _mm_shuffle_epi32(sum, 0xb1));
        return compared + static_cast<uint32_t>(_mm_cvtsi128_si32(sum));
    }

    VEXFS_CODE_INLINE void shift(int32_t* distances, uint32_t* nodes, uint32_t from, uint32_t end) {
        for (; end - from >= 8; end -= 8) {
            move_eight(distances + end - 8);
            move_eight(nodes + end - 8);
        }
        for (; end > from; --end) {
            distances[end] = distances[end - 1];
            nodes[end] = nodes[end - 1];
        }
    }

    VEXFS_CODE_INLINE void move_eight(void* from) {
        const __m256i eight = _mm256_loadu_si256(static_cast<const __m256i*>(from));
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(static_cast<char*>(from) + sizeof(uint32_t)),
                            eight);
    }
};

} // namespace
} // namespace vexfs::index
