// SPDX-License-Identifier: Apache-2.0
#include "index/graph/search_session.h"

#include <algorithm>

#include "base/assert.h"

namespace vexfs::index {

SearchSession::SearchSession(const GraphCore& core, const GraphQuery& query,
                             const SearchParams& params, Scratch& scratch)
    : core_(core), query_(query), params_(params), scratch_(scratch),
      guard_(core.epochs, scratch.epoch_hint) {}

SearchSession::~SearchSession() {
    scratch_.end_walk();
}

Result<bool> SearchSession::begin() {
    if (params_.width < 1 || params_.width > kMaxWidth)
        return fail(Code::kEINVAL, "graph: width of a search");
    const std::optional<TallRows::Entry> entry = core_.talls.entry();
    if (!entry)
        return false;
    const uint32_t nearest =
        core_.loops.descend(core_.view, query_.code, entry->tall, entry->level, 1, counters_);
    entry_slot_ = core_.talls.slot(nearest);
    return true;
}

Status SearchSession::walk(uint32_t ef, uint32_t capacity) {
    VEXFS_ASSERT(ef >= 1 && ef <= capacity);
    scratch_.end_walk();
    VEXFS_TRY_VOID(scratch_.prepare_walk(core_.rows(), capacity));
    walk_ = scratch_.start_walk(core_.view, query_.code, ef, capacity);
    walk_.entry = entry_slot_;
    walk_.width = params_.width;
    walk_.distance_budget = params_.distance_budget;
    walk_.cancel = params_.cancel;
    walk_.deadline_ns = params_.deadline_ns;
    walk_.counters = counters_;
    ++walks_;
    run();
    return ok();
}

void SearchSession::resume() {
    VEXFS_ASSERT(walk_.end == WalkEnd::kBudget);
    walk_.distance_budget = UINT64_MAX;
    walk_.resumed = true;
    run();
}

void SearchSession::run() {
    if (params_.allowed != nullptr && params_.filter_walk == FilterWalk::kTwoHop) {
        walk_.allowed = params_.allowed->words;
        walk_.allowed_bits = params_.allowed->size_bits;
        core_.loops.walk_allowed(walk_);
    } else {
        core_.loops.walk(walk_);
    }
    counters_ = walk_.counters;
}

bool SearchSession::is_answer(uint32_t slot) const {
    const uint8_t state = core_.state(slot);
    return (state & (kRowLinked | kRowDead)) == kRowLinked &&
           (params_.allowed == nullptr || params_.allowed->contains(slot));
}

// Calls visit(slot) for the answers in the order of the pool until it returns false. Sets
// `seen_twice` as soon as a row may come a second time.
template <typename Visit>
void SearchSession::visit_answers(bool& seen_twice, Visit visit) const {
    for (uint32_t i = 0; i < walk_.size; ++i) {
        const uint32_t node = walk_.nodes[i] & ~kExpanded;
        if (is_answer(node) && !visit(node))
            return;
        const uint8_t state = core_.state(node);
        if ((state & kRowShared) == 0)
            continue;
        seen_twice |= (state & kRowCondemned) != 0;
        for (uint32_t slot = core_.duplicates.next(node); slot != kNoLink;
             slot = core_.duplicates.next(slot)) {
            if (is_answer(slot) && !visit(slot))
                return;
        }
    }
}

Result<uint32_t> SearchSession::collect(uint32_t limit) {
    VEXFS_TRY_VOID(scratch_.prepare_answers(limit));
    uint32_t count = 0;
    uint32_t* slots = scratch_.answer_slots.data();
    // While a chain of duplicates passes from a condemned node to its heir, both lead to its rows.
    bool seen_twice = false;
    visit_answers(seen_twice, [&](uint32_t slot) {
        if (seen_twice && std::find(slots, slots + count, slot) != slots + count)
            return true;
        slots[count++] = slot;
        return count < limit;
    });
    return count;
}

Status SearchSession::rerank(uint32_t count) {
    if (count == 0)
        return ok();
    const std::span<const uint32_t> slots{scratch_.answer_slots.data(), count};
    const std::span<float> distances{scratch_.answer_distances.data(), count};
    VEXFS_TRY_VOID(query_.source->exact_distances(query_.vector, slots, distances));
    reranked_ += count;
    Neighbor* answers = scratch_.answers.data();
    for (uint32_t i = 0; i < count; ++i)
        answers[i] = {slots[i], distances[i]};
    std::sort(answers, answers + count);
    return ok();
}

SearchCost SearchSession::cost() const {
    SearchCost cost;
    cost.hops = counters_.hops;
    cost.distances = counters_.distances;
    cost.reranked = reranked_;
    cost.walks = walks_;
    cost.bytes = counters_.hops * kLinks * sizeof(uint32_t) +
                 counters_.distances * core_.config.shape.record_bytes;
    return cost;
}

} // namespace vexfs::index
