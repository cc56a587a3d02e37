// SPDX-License-Identifier: Apache-2.0
//
// The walk as a template over a code kernel (CodeScalar, CodeAvx2, CodeAvx512) and lanes
// (LanesScalar and so on). Included only by walk_scalar.cpp and the files named after an
// instruction set: raw pointers and plain structs, all in an anonymous namespace, for the reason
// that code_scalar.h gives.
//
// Threads: a Walk belongs to one thread; the graph may change meanwhile (see graph_view.h).
#pragma once

#include <time.h>

#include "index/graph/walk.h"
#include "index/kernels/code_scalar.h"

namespace vexfs::index {
namespace {

// How a walk finds a node's code and its neighbours on level 0: nodes are slots.
struct BaseLayer {
    static constexpr uint32_t kRowLinks = kLinks;

    VEXFS_CODE_INLINE const uint8_t* code(const Walk& walk, size_t record_bytes, uint32_t node) {
        return paged(walk.view->codes, node, record_bytes);
    }
    VEXFS_CODE_INLINE const uint32_t* links(const Walk& walk, uint32_t node) {
        return links_at(*walk.view, node);
    }
};

// And on an upper level: nodes are tall indices.
struct UpperLayer {
    static constexpr uint32_t kRowLinks = kUpperLinks;

    VEXFS_CODE_INLINE const uint8_t* code(const Walk& walk, size_t record_bytes, uint32_t node) {
        return paged(walk.view->codes, slot_of_tall(*walk.view, node), record_bytes);
    }
    VEXFS_CODE_INLINE const uint32_t* links(const Walk& walk, uint32_t node) {
        return upper_links_at(*walk.view, node, walk.level);
    }
};

// Which of the neighbours enter the pool: all of them,
template <typename Lanes>
struct EveryNode {
    template <typename Layer>
    VEXFS_CODE_INLINE uint32_t gather(const Walk& walk, uint32_t node, uint32_t* fresh) {
        const VisitedSet& visited = *walk.visited;
        return Lanes::template unvisited<Layer::kRowLinks>(Layer::links(walk, node), visited.limit,
                                                           visited.words, fresh);
    }
};

// or the allowed ones, and through each neighbour that is not allowed its allowed neighbours.
struct AllowedNodes {
    // Neighbours of one node; further second hops are left out.
    static constexpr uint32_t kEnough = 48;

    VEXFS_CODE_INLINE bool allowed(const Walk& walk, uint32_t slot) {
        return slot < walk.allowed_bits && slot < walk.visited->limit &&
               (walk.allowed[slot / 64] >> (slot % 64) & 1) != 0;
    }

    VEXFS_CODE_INLINE bool first_visit(const Walk& walk, uint32_t slot) {
        uint32_t& word = walk.visited->words[slot / 32];
        const uint32_t bit = 1u << (slot % 32);
        const bool first = (word & bit) == 0;
        word |= bit;
        return first;
    }

    template <typename Layer>
    VEXFS_CODE_INLINE uint32_t gather(const Walk& walk, uint32_t node, uint32_t* fresh) {
        const uint32_t* bridges[kLinks];
        uint32_t bridge_count = 0, count = 0;
        const uint32_t* row = Layer::links(walk, node);
        for (uint32_t i = 0; i < kLinks; ++i) {
            const uint32_t slot = load_link(row + i);
            if (slot == kNoLink)
                break;
            if (slot >= walk.visited->limit || !first_visit(walk, slot))
                continue;
            if (allowed(walk, slot)) {
                fresh[count++] = slot;
            } else {
                const uint32_t* bridge = Layer::links(walk, slot);
                __builtin_prefetch(bridge);
                __builtin_prefetch(bridge + 16);
                bridges[bridge_count++] = bridge;
            }
        }
        for (uint32_t b = 0; b < bridge_count && count < kEnough; ++b) {
            for (uint32_t i = 0; i < kLinks; ++i) {
                const uint32_t slot = load_link(bridges[b] + i);
                if (slot == kNoLink)
                    break;
                if (allowed(walk, slot) && first_visit(walk, slot))
                    fresh[count++] = slot;
            }
        }
        return count;
    }
};

template <typename Code, typename Lanes>
struct WalkLoop {
    using Query = typename Code::Query;

    // The pool while a walk runs.
    struct Pool {
        int32_t* distances;
        uint32_t* nodes;
        uint32_t size;
        uint32_t ef;
        int32_t worst;   // what does not beat it stays out
        uint32_t cursor; // the first entry that may be unexpanded
        uint32_t lowest; // where this step inserted first
    };

    VEXFS_CODE_INLINE void prefetch_code(const uint8_t* record, uint32_t blocks) {
        const uint32_t lines = blocks < 4 ? blocks : 4;
#pragma GCC unroll 4
        for (uint32_t line = 0; line < lines; ++line)
            __builtin_prefetch(record + 64 * line);
    }

    template <typename Layer>
    VEXFS_CODE_INLINE void prefetch_links(const Walk& walk, uint32_t node) {
        const uint32_t* row = Layer::links(walk, node);
        __builtin_prefetch(row);
        if constexpr (Layer::kRowLinks > 16)
            __builtin_prefetch(row + 16);
    }

    VEXFS_CODE_INLINE bool pending(const Pool& pool, uint32_t index) {
        return (pool.nodes[index] & kExpanded) == 0;
    }

    // Expands up to `width` nodes and returns the fresh neighbours of all of them.
    template <typename Layer, typename Choice>
    VEXFS_CODE_INLINE uint32_t expand(Walk& walk, Pool& pool, uint32_t* fresh) {
        uint32_t next = pool.cursor, count = 0;
        for (uint32_t w = 0; w < walk.width && next < pool.size; ++w) {
            const uint32_t node = pool.nodes[next];
            pool.nodes[next] = node | kExpanded;
            ++walk.counters.hops;
            count += Choice::template gather<Layer>(walk, node, fresh + count);
            do
                ++next;
            while (next < pool.size && !pending(pool, next));
        }
        pool.lowest = pool.cursor = next;
        return count;
    }

    template <typename Layer>
    VEXFS_CODE_INLINE void insert(const Walk& walk, Pool& pool, uint32_t first_pending,
                                  int32_t distance, uint32_t node) {
        const uint32_t last = pool.size < pool.ef ? pool.size : pool.ef - 1;
        const uint32_t place = Lanes::insert(pool.distances, pool.nodes, last, distance, node);
        pool.size += pool.size < pool.ef;
        if (pool.size == pool.ef)
            pool.worst = pool.distances[pool.ef - 1];
        if (place < pool.lowest)
            pool.lowest = place;
        if (place < first_pending + kMaxWidth)
            prefetch_links<Layer>(walk, node);
    }

    // Computes the distances of the fresh nodes, four at a time, and inserts those that are near
    // enough.
    template <typename Layer>
    VEXFS_CODE_INLINE void measure(Walk& walk, Pool& pool, const Query& query,
                                   uint32_t first_pending, uint32_t* fresh, uint32_t count) {
        const uint32_t blocks = Code::blocks_of(query);
        const size_t record_bytes = size_t{64} * blocks;
        const uint32_t ahead = blocks <= 2 ? 16 : blocks <= 4 ? 8 : 4;
        const uint8_t* records[kMaxFresh + 4];
        for (uint32_t i = 0; i < count; ++i) {
            records[i] = Layer::code(walk, record_bytes, fresh[i]);
            if (i < ahead)
                prefetch_code(records[i], blocks);
        }
        for (uint32_t i = count; count > 0 && i < count + 3; ++i)
            records[i] = records[count - 1];
        for (uint32_t i = 0; i < count; i += 4) {
            for (uint32_t next = i + ahead; next < i + ahead + 4 && next < count; ++next)
                prefetch_code(records[next], blocks);
            const auto four = Code::distance4(records + i, query);
            const uint32_t real = count - i < 4 ? (1u << (count - i)) - 1 : 15;
            uint32_t near = Code::below(four, pool.worst) & real;
            if (near == 0)
                continue;
            alignas(16) int32_t distances[4];
            Code::store(four, distances);
            for (; near != 0; near &= near - 1) {
                const auto t = static_cast<uint32_t>(__builtin_ctz(near));
                if (distances[t] < pool.worst)
                    insert<Layer>(walk, pool, first_pending, distances[t], fresh[i + t]);
            }
        }
    }

    VEXFS_CODE_INLINE bool must_end(Walk& walk, uint32_t step) {
        if (walk.counters.distances >= walk.distance_budget) {
            walk.end = WalkEnd::kBudget;
            return true;
        }
        if (step % 16 != 0)
            return false;
        if (walk.cancel != nullptr && __atomic_load_n(walk.cancel, __ATOMIC_RELAXED) != 0) {
            walk.end = WalkEnd::kCancelled;
            return true;
        }
        if (walk.deadline_ns != 0) {
            timespec now;
            clock_gettime(CLOCK_MONOTONIC, &now);
            if (now.tv_sec * INT64_C(1000000000) + now.tv_nsec >= walk.deadline_ns) {
                walk.end = WalkEnd::kDeadline;
                return true;
            }
        }
        return false;
    }

    // Room in the list of touched nodes for one step.
    VEXFS_CODE_INLINE uint32_t* room(VisitedSet& visited) {
        if (visited.touched_count + kMaxFresh > visited.touched_capacity) {
            visited.touched_count = 0;
            visited.overflowed = true;
        }
        return visited.touched + visited.touched_count;
    }

    // The entry node alone.
    template <typename Layer>
    VEXFS_CODE_INLINE void start(Walk& walk, Pool& pool, const Query& query) {
        VisitedSet& visited = *walk.visited;
        const size_t record_bytes = size_t{64} * Code::blocks_of(query);
        Lanes::clear(pool.distances, walk.ef + 16);
        pool.distances[0] = Code::distance(Layer::code(walk, record_bytes, walk.entry), query);
        pool.nodes[0] = walk.entry;
        pool.size = 1;
        visited.words[walk.entry / 32] |= 1u << (walk.entry % 32);
        *room(visited) = walk.entry;
        ++visited.touched_count;
        ++walk.counters.distances;
    }

    template <typename Layer, typename Choice>
    static void run(Walk& walk) {
        VisitedSet& visited = *walk.visited;
        const Query query = Code::query(walk.query, walk.view->blocks);
        Pool pool{walk.distances, walk.nodes, walk.size, walk.ef, INT32_MAX, 0, 0};
        if (!walk.resumed)
            start<Layer>(walk, pool, query);
        else
            look_ahead<Layer>(walk, pool);
        if (pool.size == pool.ef)
            pool.worst = pool.distances[pool.ef - 1];
        walk.end = WalkEnd::kDone;
        for (uint32_t step = 0; pool.cursor < pool.size && !must_end(walk, step); ++step) {
            uint32_t* fresh = room(visited);
            const uint32_t first = pool.cursor;
            const uint32_t count = expand<Layer, Choice>(walk, pool, fresh);
            visited.touched_count += count;
            walk.counters.distances += count;
            if (count > 0)
                measure<Layer>(walk, pool, query, first, fresh, count);
            if (pool.lowest < pool.cursor)
                pool.cursor = pool.lowest;
            look_ahead<Layer>(walk, pool);
        }
        walk.size = pool.size;
    }

    // Moves the cursor to the next unexpanded node and prefetches the links of the nodes that come
    // next.
    template <typename Layer>
    VEXFS_CODE_INLINE void look_ahead(const Walk& walk, Pool& pool) {
        while (pool.cursor < pool.size && !pending(pool, pool.cursor))
            ++pool.cursor;
        uint32_t index = pool.cursor;
        for (uint32_t w = 0; w < walk.width; ++w, ++index) {
            while (index < pool.size && !pending(pool, index))
                ++index;
            if (index >= pool.size)
                break;
            prefetch_links<Layer>(walk, pool.nodes[index]);
        }
    }

    static void walk_all(Walk& walk) {
        run<BaseLayer, EveryNode<Lanes>>(walk);
    }

    static void walk_allowed(Walk& walk) {
        // Nodes that are only passed through are marked too and are in no list.
        walk.visited->overflowed = true;
        run<BaseLayer, AllowedNodes>(walk);
    }

    static void walk_upper(Walk& walk) {
        run<UpperLayer, EveryNode<Lanes>>(walk);
    }

    static uint32_t descend(const GraphView& view, const int8_t* bytes, uint32_t tall,
                            uint32_t from, uint32_t to, WalkCounters& counters) {
        const Query query = Code::query(bytes, view.blocks);
        const uint32_t blocks = Code::blocks_of(query);
        const size_t record_bytes = size_t{64} * blocks;
        const auto code = [&](uint32_t node) {
            return paged(view.codes, slot_of_tall(view, node), record_bytes);
        };
        int32_t nearest = Code::distance(code(tall), query);
        for (uint32_t level = from; level >= to; --level) {
            for (bool moved = true; moved;) {
                const uint32_t* row = upper_links_at(view, tall, level);
                uint32_t nodes[kUpperLinks], count = 0;
                const uint8_t* records[kUpperLinks + 4];
                for (; count < kUpperLinks; ++count) {
                    nodes[count] = load_link(row + count);
                    if (nodes[count] == kNoLink)
                        break;
                    records[count] = code(nodes[count]);
                    prefetch_code(records[count], blocks);
                }
                for (uint32_t i = count; count > 0 && i < count + 3; ++i)
                    records[i] = records[count - 1];
                ++counters.hops;
                counters.distances += count;
                alignas(16) int32_t distances[kUpperLinks + 4];
                for (uint32_t i = 0; i < count; i += 4)
                    Code::store(Code::distance4(records + i, query), distances + i);
                // Distance above place, so that the minimum needs no branch per node.
                int64_t best = INT64_MAX;
                for (uint32_t i = 0; i < count; ++i) {
                    const int64_t key = int64_t{distances[i]} * kUpperLinks + i;
                    best = key < best ? key : best;
                }
                moved = count > 0 && best < int64_t{nearest} * kUpperLinks;
                if (moved) {
                    tall = nodes[best & (kUpperLinks - 1)];
                    nearest =
                        static_cast<int32_t>((best - (best & (kUpperLinks - 1))) / kUpperLinks);
                }
            }
        }
        return tall;
    }
};

} // namespace
} // namespace vexfs::index
