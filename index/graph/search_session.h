// SPDX-License-Identifier: Apache-2.0
//
// The steps that searching for the nearest and searching within a radius are made of: walk,
// collect, re-rank.
//
// Threads: one thread; holds an epoch guard, so no slot it has seen is used again while it lives.
#pragma once

#include <cstdint>
#include <span>

#include "base/result.h"
#include "index/graph/graph_core.h"
#include "index/graph/search.h"

namespace vexfs::index {

class SearchSession {
  public:
    SearchSession(const GraphCore& core, const GraphQuery& query, const SearchParams& params,
                  Scratch& scratch);
    ~SearchSession();
    SearchSession(const SearchSession&) = delete;
    SearchSession& operator=(const SearchSession&) = delete;

    // False if the graph has no rows. ENOMEM, EINVAL.
    Result<bool> begin();

    // Walks with a pool of `capacity`, of which the nearest `ef` are expanded. ENOMEM.
    Status walk(uint32_t ef, uint32_t capacity);
    // Goes on with a walk that ended with kBudget, now without a limit to what it may spend. The
    // pool may have been looked at in between.
    void resume();
    // Every row that can be reached was looked at.
    [[nodiscard]] bool exhausted() const {
        return walk_.end == WalkEnd::kDone && walk_.size < walk_.ef;
    }
    [[nodiscard]] uint32_t pool_size() const { return walk_.size; }

    // The rows of the pool that are alive and allowed, nearest by code first and each once, at most
    // `limit`, into scratch.answer_slots. Returns how many; duplicates count.
    Result<uint32_t> collect(uint32_t limit);
    // Their exact distances: scratch.answers, nearest first.
    Status rerank(uint32_t count);

    [[nodiscard]] WalkEnd end() const { return walk_.end; }
    [[nodiscard]] SearchCost cost() const;

  private:
    void run();
    [[nodiscard]] bool is_answer(uint32_t slot) const;
    template <typename Visit>
    void visit_answers(bool& seen_twice, Visit visit) const;

    const GraphCore& core_;
    const GraphQuery& query_;
    const SearchParams& params_;
    Scratch& scratch_;
    const ReaderEpochs::Guard guard_;
    Walk walk_{};
    uint32_t entry_slot_ = kNoLink;
    WalkCounters counters_;
    uint64_t walks_ = 0;
    uint64_t reranked_ = 0;
};

} // namespace vexfs::index
