// SPDX-License-Identifier: Apache-2.0
#include "bench/pool/pool_contest.h"

#include <algorithm>
#include <chrono>
#include <numeric>

#include "base/random.h"
#include "bench/machine/machine.h"
#include "userlib/pool/any_pool.h"

namespace vexfs {

namespace {

using Clock = std::chrono::steady_clock;

double ns_each(Clock::time_point start, size_t count) {
    return std::chrono::duration<double, std::nano>(Clock::now() - start).count() /
           static_cast<double>(count);
}

double density_of(const AnyPool& pool, bool with_metadata) {
    const PoolStats stats = pool.stats();
    const size_t pages = (stats.pages - stats.spare_pages) * kPoolPageBytes;
    return static_cast<double>(stats.stored_bytes) /
           static_cast<double>(pages + (with_metadata ? stats.metadata_bytes : 0));
}

// One pool and its objects, at fixed places of the set.
// Threads: one thread.
class Shelf {
  public:
    Shelf(AnyPool& pool, const ObjectSet& set)
        : pool_(pool), set_(set), handles_(set.sizes.size()) {}

    Status fill() {
        for (size_t i = 0; i < handles_.size(); ++i)
            VEXFS_TRY_VOID(put(i));
        return ok();
    }
    Status touch(const std::vector<uint32_t>& order) {
        for (const uint32_t i : order)
            VEXFS_TRY_VOID(pool_.map(handles_[i], MapMode::kRead));
        return ok();
    }
    Status clear(std::span<const uint32_t> order) {
        for (const uint32_t i : order)
            VEXFS_TRY_VOID(pool_.free(handles_[i]));
        return ok();
    }
    // Frees these and puts them again in another order, so that others get their places.
    Status replace(std::span<uint32_t> some, Random& random) {
        VEXFS_TRY_VOID(clear(some));
        random.shuffle(some);
        for (const uint32_t i : some)
            VEXFS_TRY_VOID(put(i));
        return ok();
    }

  private:
    Status put(size_t i) {
        handles_[i] = VEXFS_TRY(pool_.malloc(set_.sizes[i], PoolFlags::none()));
        return ok();
    }

    AnyPool& pool_;
    const ObjectSet& set_;
    std::vector<PoolHandle> handles_;
};

PoolOptions options_of(const ObjectSet& set) {
    PoolOptions options;
    const uint32_t largest = *std::max_element(set.sizes.begin(), set.sizes.end());
    options.object_bytes_max = std::max<size_t>(kPoolPageBytes, largest);
    return options;
}

Status run_round(const ObjectSet& set, std::vector<uint32_t>& order, PoolFigures& figures) {
    const auto pool = VEXFS_TRY(make_pool(figures.driver, options_of(set)));
    Shelf shelf(*pool, set);
    const size_t count = order.size();
    Clock::time_point start = Clock::now();
    VEXFS_TRY_VOID(shelf.fill());
    figures.malloc_ns.push_back(ns_each(start, count));
    start = Clock::now();
    VEXFS_TRY_VOID(shelf.touch(order));
    figures.map_ns.push_back(ns_each(start, count));
    start = Clock::now();
    VEXFS_TRY_VOID(shelf.clear(order));
    figures.free_ns.push_back(ns_each(start, count));
    return ok();
}

Status measure_space(const ObjectSet& set, std::vector<uint32_t> order, Random random,
                     PoolFigures& figures) {
    const auto pool = VEXFS_TRY(make_pool(figures.driver, options_of(set)));
    Shelf shelf(*pool, set);
    VEXFS_TRY_VOID(shelf.fill());
    figures.density = density_of(*pool, false);
    figures.with_metadata = density_of(*pool, true);
    const std::span<uint32_t> all(order);
    for (int turn = 0; turn < 2; ++turn) {
        random.shuffle(all);
        VEXFS_TRY_VOID(shelf.replace(all.first(all.size() / 2), random));
    }
    figures.churned = density_of(*pool, false);
    random.shuffle(all);
    VEXFS_TRY_VOID(shelf.clear(all.first(all.size() / 2)));
    figures.thinned = density_of(*pool, false);
    const Clock::time_point start = Clock::now();
    pool->compact();
    figures.compaction_ns = ns_each(start, std::max<uint64_t>(pool->stats().moved, 1));
    figures.compacted = density_of(*pool, false);
    return ok();
}

} // namespace

// The first round of each warms up and does not count.
Result<std::vector<PoolFigures>> run_pool_contest(const ObjectSet& set, const PoolPlan& plan) {
    const Pinned pinned = VEXFS_TRY(Pinned::to(plan.processor));
    Random random(plan.seed);
    std::vector<uint32_t> order(set.sizes.size());
    std::iota(order.begin(), order.end(), 0);
    random.shuffle(std::span(order));
    std::vector<PoolFigures> all;
    for (const std::string_view name : pool_names()) {
        PoolFigures figures;
        figures.driver = name;
        VEXFS_TRY_VOID(measure_space(set, order, random, figures));
        VEXFS_TRY_VOID(run_round(set, order, figures));
        figures.malloc_ns.clear();
        figures.map_ns.clear();
        figures.free_ns.clear();
        all.push_back(std::move(figures));
    }
    for (uint32_t round = 0; round < plan.rounds; ++round) {
        for (PoolFigures& figures : all)
            VEXFS_TRY_VOID(run_round(set, order, figures));
    }
    return all;
}

} // namespace vexfs
