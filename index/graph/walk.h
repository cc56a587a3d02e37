// SPDX-License-Identifier: Apache-2.0
//
// The loops that follow links, behind one table per instruction set and code shape.
//
// A walk keeps the nearest nodes it has seen in a sorted pool of two arrays (distance, node) and
// expands the nearest ones not yet expanded, `width` at a time, until the first `ef` in the pool
// are expanded. Everything it needs is in the Walk struct: no allocation, no lock and no virtual
// call happens inside.
//
// Threads: the tables are immutable; a Walk belongs to one thread.
#pragma once

#include <cstdint>

#include "index/graph/graph_view.h"
#include "index/kernels/code.h"
#include "index/kernels/isa.h"

namespace vexfs::index {

constexpr uint32_t kExpanded = 1u << 31; // flag of a node in the pool
constexpr uint32_t kMaxWidth = 4;
constexpr uint32_t kPoolSlack = 32; // entries of the pool arrays beyond its capacity
// Nodes that one expansion step may add.
constexpr uint32_t kMaxFresh = 384;

enum class WalkEnd : uint8_t { kDone, kBudget, kCancelled, kDeadline };

struct WalkCounters {
    uint64_t hops = 0;
    uint64_t distances = 0;
};

// The nodes a walk has seen, one bit each, and the list by which the bits are cleared again. The
// list may be shorter than a walk is long: then `overflowed` says that all bits have to be cleared.
struct VisitedSet {
    uint32_t* words;
    uint32_t limit; // nodes from here on are passed by: they are younger than the search
    uint32_t* touched;
    uint32_t touched_count;
    uint32_t touched_capacity; // at least 2 * kMaxFresh
    bool overflowed;
};

struct Walk {
    const GraphView* view;
    const int8_t* query; // as decode_code() or a codec writes it
    uint32_t entry;      // a slot; for an upper level a tall index
    uint32_t level;      // of an upper walk
    uint32_t ef;         // only the nearest ef of the pool are expanded
    uint32_t width;      // 1..kMaxWidth

    // The pool: capacity + kPoolSlack entries each, 64-byte aligned; size is a result.
    uint32_t capacity; // at least ef
    int32_t* distances;
    uint32_t* nodes;
    uint32_t size;

    VisitedSet* visited;

    // Two-hop walks: only these slots enter the pool. Slots from allowed_bits on are not allowed.
    const uint64_t* allowed;
    uint32_t allowed_bits;

    uint64_t distance_budget; // stop when this many distances have been computed in all
    bool resumed;             // go on with a walk that ended so
    const uint8_t* cancel;    // stop when it becomes non-zero, or nullptr
    int64_t deadline_ns;      // CLOCK_MONOTONIC, 0: none
    WalkCounters counters;    // added to
    WalkEnd end;              // a result
};

// Picks at most `limit` of the candidates as neighbours: a candidate is dropped if one picked
// before is nearer to it than it is to the origin, by the factor alpha.
struct Selection {
    // Candidates, nearest first; the arrays are used as scratch. 64-byte aligned records, distances
    // from the origin.
    const uint8_t** records;
    int32_t* distances;
    uint32_t* nodes;
    uint32_t count;

    uint32_t limit;
    uint32_t alpha_256; // alpha * 256
    uint32_t blocks;
    int8_t* decoded;             // scratch for one query, 64-byte aligned
    uint32_t* picked;            // result
    uint64_t distances_computed; // added to
};

struct WalkKernels {
    // The tall that is nearest to the query by greedy descent from `tall` at level `from` down to
    // level `to` >= 1.
    uint32_t (*descend)(const GraphView& view, const int8_t* query, uint32_t tall, uint32_t from,
                        uint32_t to, WalkCounters& counters);
    void (*walk)(Walk& walk);         // level 0, every node
    void (*walk_allowed)(Walk& walk); // level 0, two hops over allowed nodes only
    void (*walk_upper)(Walk& walk);   // walk.level
    uint32_t (*select)(Selection& selection);
};

// The kernels of an instruction set that is_supported(), for a shape that is code_shape_valid().
const WalkKernels& walk_kernels(Isa isa, CodeShape shape);

// The tables of one instruction set. Only walk_kernels() calls them.
const WalkKernels& walk_kernels_scalar(CodeShape shape);
const WalkKernels& walk_kernels_avx2(CodeShape shape);
const WalkKernels& walk_kernels_avx512(CodeShape shape);

} // namespace vexfs::index
