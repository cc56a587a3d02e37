// SPDX-License-Identifier: Apache-2.0
//
// What a walk does to its sorted pool and its visited bits, portable. lanes_avx2.h and
// lanes_avx512.h have the same interface and the same results; include them only in files compiled
// for that instruction set.
//
// Threads: pure functions over the caller's arrays.
#pragma once

#include <cstdint>
#include <cstring>

#include "index/graph/graph_view.h"
#include "index/kernels/code_scalar.h"

// The sanitizer cannot see that a vector load of links is one acquire load per word, so it gets the
// portable loads.
#if defined(__SANITIZE_THREAD__)
#define VEXFS_WORDWISE_LINKS 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define VEXFS_WORDWISE_LINKS 1
#endif
#endif
#ifndef VEXFS_WORDWISE_LINKS
#define VEXFS_WORDWISE_LINKS 0
#endif

namespace vexfs::index {
namespace {

struct LanesScalar {
    // Makes the first `count` entries (rounded up to 16) farther than any distance.
    VEXFS_CODE_INLINE void clear(int32_t* distances, uint32_t count) {
        for (uint32_t i = 0; i < (count + 15) / 16 * 16; ++i)
            distances[i] = INT32_MAX;
    }

    // Puts an entry behind those of the sorted entries [0, last) that are not farther, moves the
    // farther ones up by one, over entry `last`, and returns its place. Distances from `last` on
    // are not below `distance`.
    VEXFS_CODE_INLINE uint32_t insert(int32_t* distances, uint32_t* nodes, uint32_t last,
                                      int32_t distance, uint32_t node) {
        uint32_t low = 0, high = last;
        while (low < high) {
            const uint32_t middle = (low + high) / 2;
            if (distances[middle] <= distance)
                low = middle + 1;
            else
                high = middle;
        }
        memmove(distances + low + 1, distances + low, (last - low) * sizeof *distances);
        memmove(nodes + low + 1, nodes + low, (last - low) * sizeof *nodes);
        distances[low] = distance;
        nodes[low] = node;
        return low;
    }

    // Appends the unvisited links of a row that are below the limit to `fresh`, marks them visited,
    // and returns how many they are. May write up to 16 words beyond them.
    template <uint32_t kRowLinks>
    VEXFS_CODE_INLINE uint32_t unvisited(const uint32_t* row, uint32_t limit, uint32_t* visited,
                                         uint32_t* fresh) {
        uint32_t count = 0;
        for (uint32_t i = 0; i < kRowLinks; ++i) {
            const uint32_t node = load_link(row + i);
            if (node == kNoLink)
                break;
            if (node >= limit)
                continue;
            const uint32_t bit = 1u << (node % 32);
            const uint32_t word = visited[node / 32];
            fresh[count] = node;
            count += (word & bit) == 0;
            visited[node / 32] = word | bit;
        }
        return count;
    }
};

} // namespace
} // namespace vexfs::index
