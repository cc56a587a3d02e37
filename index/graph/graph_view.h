// SPDX-License-Identifier: Apache-2.0
//
// The memory of a graph as the loops see it: directories of pages, and how to find a row in them.
//
// Level 0 has one row of kLinks slots for every row. A row that also lives on upper levels is
// "tall": it has a dense tall index, and a row of kUpperLinks tall indices for each of its levels
// 1, 2, ... A row of links ends at the first kNoLink or at its end.
//
// Links are single words, written with release and read with acquire (plain moves on x86). Any
// mixture of older and newer words is a valid row, because each word by itself names a row whose
// code was complete before it was stored.
//
// The accessors are in an anonymous namespace because the files named after an instruction set
// include them: no copy compiled for one machine may be shared with another.
//
// Threads: immutable while the graph lives; any thread.
#pragma once

#include <cstddef>
#include <cstdint>

#include "index/kernels/page_shape.h"

namespace vexfs::index {

constexpr uint32_t kLinks = 32;
constexpr uint32_t kUpperLinks = 16;
constexpr uint32_t kNoLink = UINT32_MAX;

struct GraphView {
    const uint8_t* const* codes;
    const uint32_t* const* links;
    const uint32_t* const* tall_slots;  // tall index -> slot
    const uint32_t* const* tall_firsts; // tall index -> number of its level 1 row in tall_rows
    const uint32_t* const* tall_rows;
    uint32_t blocks; // 64-byte blocks of a code record
};

namespace {

template <typename T>
inline __attribute__((always_inline)) const T* paged(const T* const* directory, uint32_t row,
                                                     size_t row_items) {
    const T* page = __atomic_load_n(&directory[row >> kPageShift], __ATOMIC_ACQUIRE);
    return page + (row & (kRowsPerPage - 1)) * row_items;
}

inline __attribute__((always_inline)) uint32_t load_link(const uint32_t* word) {
    return __atomic_load_n(word, __ATOMIC_ACQUIRE);
}

inline __attribute__((always_inline)) const uint8_t* code_at(const GraphView& view, uint32_t slot) {
    return paged(view.codes, slot, size_t{64} * view.blocks);
}

inline __attribute__((always_inline)) const uint32_t* links_at(const GraphView& view,
                                                               uint32_t slot) {
    return paged(view.links, slot, kLinks);
}

inline __attribute__((always_inline)) uint32_t slot_of_tall(const GraphView& view, uint32_t tall) {
    return load_link(paged(view.tall_slots, tall, 1));
}

// The row of a tall at a level >= 1 that it has.
inline __attribute__((always_inline)) const uint32_t*
upper_links_at(const GraphView& view, uint32_t tall, uint32_t level) {
    const uint32_t first = load_link(paged(view.tall_firsts, tall, 1));
    return paged(view.tall_rows, first + level - 1, kUpperLinks);
}

} // namespace
} // namespace vexfs::index
