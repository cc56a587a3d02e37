// SPDX-License-Identifier: Apache-2.0
//
// Reading and writing rows of links; what graph_view.h says about words is kept here.
//
// Threads: load_links() from any thread; the others by the holder of the row's lock.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <span>

#include "index/graph/graph_view.h"

namespace vexfs::index {

inline void store_link(uint32_t* word, uint32_t link) {
    std::atomic_ref(*word).store(link, std::memory_order_release);
}

// Copies the links of a row of `capacity` words and returns how many they are.
inline uint32_t load_links(const uint32_t* row, uint32_t capacity, uint32_t* links) {
    uint32_t count = 0;
    for (; count < capacity; ++count) {
        links[count] = load_link(row + count);
        if (links[count] == kNoLink)
            break;
    }
    return count;
}

// Makes `links`, at most `capacity`, the row. A reader meanwhile sees some of both.
inline void write_links(uint32_t* row, uint32_t capacity, std::span<const uint32_t> links) {
    for (uint32_t i = 0; i < capacity; ++i)
        store_link(row + i, i < links.size() ? links[i] : kNoLink);
}

} // namespace vexfs::index
