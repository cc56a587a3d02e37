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
        uint32_t capacity;
        int32_t worst;   // what does not beat it stays out
        uint32_t cursor; // the first entry that may be unexpanded
        uint32_t lowest; // where this step inserted first
    };

    // What a step meets that was not seen before.
    struct Fresh {
        uint32_t* nodes;
        uint32_t count;
        const uint8_t* records[kMaxFresh + 4];
    };

    VEXFS_CODE_INLINE void prefetch_code(const uint8_t* record, uint32_t blocks) {
        const uint32_t lines = blocks < 4 ? blocks : 4;
#pragma GCC unroll 4
        for (uint32_t line = 0; line < lines; ++line)
            __builtin_prefetch(record + 64 * line);
    }

    VEXFS_CODE_INLINE void prefetch_row(const uint32_t* row, uint32_t links) {
        for (uint32_t i = 0; i < links; i += 16)
            __builtin_prefetch(row + i);
    }

    template <typename Layer>
    VEXFS_CODE_INLINE void prefetch_links(const Walk& walk, uint32_t node) {
        prefetch_row(Layer::links(walk, node), Layer::kRowLinks);
    }

    // Entries from here on are kept, but not expanded.
    VEXFS_CODE_INLINE uint32_t frontier(const Pool& pool) {
        return pool.size < pool.ef ? pool.size : pool.ef;
    }

    VEXFS_CODE_INLINE bool pending(const Pool& pool, uint32_t index) {
        return (pool.nodes[index] & kExpanded) == 0;
    }

    // How many codes are on their way at a time.
    VEXFS_CODE_INLINE uint32_t ahead_of(uint32_t blocks) {
        return blocks == 1 ? 64 : blocks == 2 ? 32 : blocks <= 4 ? 8 : 4;
    }

    // Expands up to `width` nodes and finds the fresh neighbours of all of them. Their codes are
    // fetched while the links of the next node are looked at.
    template <typename Layer, typename Choice>
    VEXFS_CODE_INLINE void expand(Walk& walk, Pool& pool, uint32_t blocks, Fresh& fresh) {
        const size_t record_bytes = size_t{64} * blocks;
        const uint32_t end = frontier(pool), ahead = ahead_of(blocks);
        uint32_t next = pool.cursor;
        fresh.count = 0;
        for (uint32_t w = 0; w < walk.width && next < end; ++w) {
            const uint32_t node = pool.nodes[next];
            pool.nodes[next] = node | kExpanded;
            ++walk.counters.hops;
            uint32_t i = fresh.count;
            fresh.count += Choice::template gather<Layer>(walk, node, fresh.nodes + i);
            for (; i < fresh.count; ++i) {
                fresh.records[i] = Layer::code(walk, record_bytes, fresh.nodes[i]);
                if (i < ahead)
                    prefetch_code(fresh.records[i], blocks);
            }
            do
                ++next;
            while (next < end && !pending(pool, next));
        }
        pool.lowest = pool.cursor = next;
    }

    template <typename Layer>
    VEXFS_CODE_INLINE void insert(const Walk& walk, Pool& pool, uint32_t first_pending,
                                  int32_t distance, uint32_t node) {
        const uint32_t last = pool.size < pool.capacity ? pool.size : pool.capacity - 1;
        const uint32_t place = Lanes::insert(pool.distances, pool.nodes, last, distance, node);
        pool.size += pool.size < pool.capacity;
        if (pool.size == pool.capacity)
            pool.worst = pool.distances[pool.capacity - 1];
        if (place < pool.lowest)
            pool.lowest = place;
        if (place < first_pending + kMaxWidth)
            prefetch_links<Layer>(walk, node);
    }

    // Computes the distances of the fresh nodes, four at a time, and inserts those that are near
    // enough.
    template <typename Layer>
    VEXFS_CODE_INLINE void measure(const Walk& walk, Pool& pool, const Query& query,
                                   uint32_t first_pending, Fresh& fresh) {
        const uint32_t blocks = Code::blocks_of(query), ahead = ahead_of(blocks);
        const uint32_t count = fresh.count;
        const uint8_t** records = fresh.records;
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
                    insert<Layer>(walk, pool, first_pending, distances[t], fresh.nodes[i + t]);
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
        Lanes::clear(pool.distances, walk.capacity + 16);
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
        Pool pool{walk.distances, walk.nodes, walk.size, walk.ef, walk.capacity, INT32_MAX, 0, 0};
        if (!walk.resumed)
            start<Layer>(walk, pool, query);
        else
            look_ahead<Layer>(walk, pool);
        if (pool.size == pool.capacity)
            pool.worst = pool.distances[pool.capacity - 1];
        walk.end = WalkEnd::kDone;
        Fresh fresh;
        for (uint32_t step = 0; pool.cursor < frontier(pool) && !must_end(walk, step); ++step) {
            fresh.nodes = room(visited);
            const uint32_t first = pool.cursor;
            expand<Layer, Choice>(walk, pool, Code::blocks_of(query), fresh);
            visited.touched_count += fresh.count;
            walk.counters.distances += fresh.count;
            measure<Layer>(walk, pool, query, first, fresh);
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
        const uint32_t end = frontier(pool);
        while (pool.cursor < end && !pending(pool, pool.cursor))
            ++pool.cursor;
        uint32_t index = pool.cursor;
        for (uint32_t w = 0; w < walk.width; ++w, ++index) {
            while (index < end && !pending(pool, index))
                ++index;
            if (index >= end)
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
                    __builtin_prefetch(upper_links_at(view, nodes[count], level));
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
                    // Where the walk of level 0 begins, if no other is nearer.
                    if (level == 1)
                        prefetch_row(links_at(view, slot_of_tall(view, tall)), kLinks);
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
