// SPDX-License-Identifier: Apache-2.0
//
// An index that takes part in a measurement: ours, or one of another library.
//
// Rows and queries are handed over beforehand, so that converting them to what a contender wants is
// outside of every timed stretch; what a user of the index pays per search (projection,
// normalising, allocation) is inside.
//
// Threads: one thread; build() uses as many as it is told, and search_as() is for as many as
// set_clients() told.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "bench/data/matrix.h"
#include "index/kernels/bitmap.h"
#include "index/kernels/isa.h"
#include "index/kernels/metric.h"

namespace vexfs {

struct ContenderShape {
    index::Metric metric = index::Metric::kL2;
    uint32_t links = 16;
    uint32_t build_effort = 200;
    uint32_t build_threads = 1;
    index::Isa isa = index::Isa::kScalar;
    uint64_t seed = 1;
};

// "M=16 efC=200 build threads=1".
inline std::string parameters(const ContenderShape& shape) {
    return "M=" + std::to_string(shape.links) + " efC=" + std::to_string(shape.build_effort) +
           " build threads=" + std::to_string(shape.build_threads);
}

// Hot: what every search walks (links, codes, vectors where there are no codes). Cold: vectors for
// the exact re-rank of the best few, which may lie on slower storage.
struct Footprint {
    uint64_t hot_bytes = 0;
    uint64_t cold_bytes = 0;
};

class Contender {
  public:
    virtual ~Contender() = default;
    Contender(const Contender&) = delete;
    Contender& operator=(const Contender&) = delete;

    [[nodiscard]] virtual std::string name() const = 0;
    // The parameters and the instruction set, in words.
    [[nodiscard]] virtual std::string description() const = 0;

    // Called once, before build() and with the same rows: makes of them what the index takes.
    virtual Status prepare(const Matrix& base) {
        (void)base;
        return ok();
    }
    // Called once: row i becomes slot i. The matrix outlives the contender.
    virtual Status build(const Matrix& base) = 0;
    // Builds the index again from the bytes it would be kept as, which takes its place. False if
    // the contender does not do this.
    virtual Result<bool> reload() { return false; }
    // Every smaller effort is the same as this one.
    [[nodiscard]] virtual uint32_t smallest_effort(uint32_t k) const { return k; }
    // Efforts to sweep instead of the plan's, where one number does not say what the index takes:
    // ladders, each of growing recall. The sweep keeps what no other effort beats. Known when it is
    // built.
    [[nodiscard]] virtual std::vector<std::vector<uint32_t>> own_efforts() const { return {}; }
    // Such an effort in words.
    [[nodiscard]] virtual std::string words_of(uint32_t effort) const {
        return std::to_string(effort);
    }
    virtual Status load_queries(const Matrix& queries) = 0;
    // Whether restrict_to() works.
    [[nodiscard]] virtual bool can_restrict() const { return true; }
    // Searches answer only these slots from here on, or all if null. The bitmap outlives the
    // restriction.
    virtual Status restrict_to(const index::BitmapView* allowed) = 0;
    // The slots nearest to query number `query`, nearest first.
    virtual Status search(size_t query, uint32_t k, uint32_t effort,
                          std::vector<index::Neighbor>& out) = 0;
    // How many threads can search at once at one effort.
    [[nodiscard]] virtual uint32_t clients_max() const { return UINT32_MAX; }
    // So many will, from here on.
    virtual Status set_clients(uint32_t count) {
        (void)count;
        return ok();
    }
    // search(), for the client of this number, from 0 on.
    virtual Status search_as(uint32_t client, size_t query, uint32_t k, uint32_t effort,
                             std::vector<index::Neighbor>& out) {
        (void)client;
        return search(query, k, effort, out);
    }
    // One search after the other, and what each took, by a contender that keeps time itself; false
    // of others.
    virtual Result<bool> timed_searches(std::span<const uint32_t> queries, uint32_t k,
                                        uint32_t effort, std::vector<uint64_t>& latencies_ns) {
        (void)queries;
        (void)k;
        (void)effort;
        (void)latencies_ns;
        return false;
    }
    // What the build took, where it is known better than by the time of build().
    [[nodiscard]] virtual double own_build_seconds() const { return 0; }
    // Removes the rows of `slots` and puts row from[i] of `base` into slots[i], with all the upkeep
    // this causes.
    virtual Status replace(std::span<const uint32_t> slots, const Matrix& base,
                           std::span<const uint32_t> from) = 0;
    [[nodiscard]] virtual Footprint footprint() const = 0;
    // Of the index in a file, vectors included.
    virtual Result<uint64_t> file_bytes() = 0;

  protected:
    Contender() = default;
};

} // namespace vexfs
