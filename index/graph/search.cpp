// SPDX-License-Identifier: Apache-2.0
#include "index/graph/search.h"

#include <algorithm>

#include "index/graph/search_session.h"

namespace vexfs::index {
namespace {

constexpr uint32_t kMaxEf = kMaxSlots / 2;

uint32_t clamped_ef(uint64_t ef, const GraphCore& core) {
    // A pool larger than the graph holds all of it and is never full.
    return static_cast<uint32_t>(std::min<uint64_t>({ef, uint64_t{core.rows()} + 1, kMaxEf}));
}

// The pool with which `wanted` answers are expected in it.
uint64_t first_ef(const GraphCore& core, const SearchParams& params, uint64_t wanted) {
    if (params.allowed == nullptr || params.filter_walk == FilterWalk::kTwoHop)
        return wanted;
    const uint64_t allowed = std::max<uint64_t>(params.allowed->count_set, 1);
    const uint64_t rows = std::max<uint64_t>(core.rows(), allowed);
    return wanted * rows / allowed + 1;
}

} // namespace

Result<SearchOutcome> search_rows(const GraphCore& core, const GraphQuery& query,
                                  const SearchParams& params, Scratch& scratch,
                                  std::span<Neighbor> out) {
    if (params.k == 0 || out.size() < params.k)
        return fail(Code::kEINVAL, "graph: k of a search");
    SearchSession session(core, query, params, scratch);
    SearchOutcome outcome;
    const bool any = VEXFS_TRY(session.begin());
    if (!any) {
        outcome.exhausted = true;
        return outcome;
    }
    const uint64_t depth = params.rerank == 0 ? uint64_t{2} * params.k : params.rerank;
    const uint64_t rerank =
        std::clamp<uint64_t>(depth, params.k, std::max(params.k, core.linked_rows.load() + 1));
    const uint64_t pool = std::max<uint64_t>(params.ef, rerank);
    // Without a filter the pool is made of answers but for the dead; with one the rows that pass
    // must be as many as an unfiltered pool would hold, or the search would be shallow where the
    // filter disagrees with the query.
    const uint64_t wanted = params.allowed == nullptr ? params.k : pool;
    uint64_t ef =
        params.allowed == nullptr ? std::max(params.ef, 1U) : first_ef(core, params, pool);
    for (;;) {
        const uint32_t capacity = clamped_ef(std::max(ef, pool), core);
        VEXFS_TRY_VOID(session.walk(std::min(clamped_ef(ef, core), capacity), capacity));
        outcome.exhausted = session.exhausted();
        if (outcome.exhausted || session.end() != WalkEnd::kDone)
            break;
        const uint64_t found = VEXFS_TRY(session.collect(static_cast<uint32_t>(wanted)));
        if (found >= wanted)
            break;
        const uint64_t estimate = ef * wanted / std::max<uint64_t>(found, 1) * 5 / 4;
        ef = std::clamp(estimate, 2 * ef, 8 * ef);
    }
    const uint32_t collected =
        VEXFS_TRY(session.collect(static_cast<uint32_t>(std::min<uint64_t>(rerank, kMaxEf))));
    VEXFS_TRY_VOID(session.rerank(collected));
    outcome.found = std::min(collected, params.k);
    std::copy_n(scratch.answers.data(), outcome.found, out.data());
    outcome.end = session.end();
    outcome.cost = session.cost();
    return outcome;
}

Result<SearchOutcome> search_radius_rows(const GraphCore& core, const GraphQuery& query,
                                         float radius, const SearchParams& params, Scratch& scratch,
                                         std::span<Neighbor> out) {
    SearchSession session(core, query, params, scratch);
    SearchOutcome outcome;
    const bool any = VEXFS_TRY(session.begin());
    outcome.exhausted = !any;
    for (uint64_t ef = first_ef(core, params, std::max(params.ef, 16u)); any; ef *= 2) {
        const uint32_t capacity = clamped_ef(ef, core);
        VEXFS_TRY_VOID(session.walk(capacity, capacity));
        outcome.exhausted = session.exhausted();
        const uint32_t collected = VEXFS_TRY(session.collect(core.linked_rows.load() + 1));
        VEXFS_TRY_VOID(session.rerank(collected));
        const Neighbor* answers = scratch.answers.data();
        const auto within = static_cast<uint32_t>(
            std::partition_point(answers, answers + collected,
                                 [&](const Neighbor& a) { return a.distance <= radius; }) -
            answers);
        outcome.found = static_cast<uint32_t>(std::min<size_t>(within, out.size()));
        // Half of the pool outside the radius says that what is farther is outside too.
        if (session.end() != WalkEnd::kDone || outcome.exhausted || within <= collected / 2 ||
            within >= out.size()) {
            std::copy_n(answers, outcome.found, out.data());
            break;
        }
    }
    outcome.end = session.end();
    outcome.cost = session.cost();
    return outcome;
}

} // namespace vexfs::index
