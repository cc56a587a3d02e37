// SPDX-License-Identifier: Apache-2.0
//
// Taking removed rows out of the graph, in steps, while it is searched and changed.
//
// A round condemns the rows that are dead at its start, gives every living row that links to one of
// them links to what lay behind it (robust pruning with alpha > 1 keeps recall from decaying),
// waits until nobody can hold a condemned slot, erases the codes and hands the slots back. It also
// links again every row that nothing links to any more.
//
// Threads: one thread at a time calls step(); searches, inserts and removals go on meanwhile. The
// caller must not be inside a search or insert of this graph.
#pragma once

#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "index/graph/graph_core.h"

namespace vexfs::index {

class Consolidation {
  public:
    enum class Progress {
        kIdle,    // no round is under way
        kWorking, // call again
        kWaiting, // call again later: searches that began earlier have not ended
    };

    explicit Consolidation(GraphCore& core) : core_(core) {}

    // True if a round is under way, or enough rows are dead that one should begin (5 percent).
    [[nodiscard]] bool is_due() const;

    // Does a piece of the round and begins one if there is none and any row is dead. A piece looks
    // at the links of about `rows` rows, however many there are, or copies of one row; at more rows
    // where that costs less. Slots that may be used again are appended to `released`, `rows` at
    // most; none is if it fails. After an ENOMEM the round goes on with the next call.
    Result<Progress> step(uint32_t rows, Scratch& scratch, std::vector<uint32_t>& released);

  private:
    enum class Phase {
        kIdle,
        kCondemn,
        kDrainInserts,
        kInherit,
        kRows,
        kUnlinked,
        kWeak,
        kHandDown,
        kUpper,
        kDrainReaders,
        kRelease
    };

    Result<Progress> advance(uint32_t rows, Scratch& scratch, std::vector<uint32_t>& released);
    void enter(Phase phase);
    void begin();
    void condemn(uint32_t rows);
    void inherit(uint32_t rows);
    void take_over(uint32_t condemned, uint32_t heir);
    void report_duplicate(uint32_t slot, uint32_t shared);
    Status repair_rows(uint32_t rows, Scratch& scratch);
    bool sweep_next(uint32_t slot);
    void repair_row(uint32_t slot, Scratch& scratch);
    uint32_t gather_candidates(uint32_t slot, const uint32_t* links, uint32_t count,
                               Scratch& scratch) const;
    void note_links(const uint32_t* links, uint32_t count);
    void find_unlinked(uint32_t rows);
    Status relink_weak(uint32_t rows, Scratch& scratch);
    void hand_down_talls(uint32_t rows);
    Status repair_upper(uint32_t rows, Scratch& scratch);
    void repair_upper_row(uint32_t tall, uint32_t level, Scratch& scratch)
        VEXFS_REQUIRES(core_.talls.mutex());
    Status replace_entry() VEXFS_REQUIRES(core_.talls.mutex());
    void release(uint32_t rows, std::vector<uint32_t>& released);

    // A row with links of its own that outlives the round.
    [[nodiscard]] bool stays(uint32_t slot) const;
    [[nodiscard]] bool is_condemned(uint32_t slot) const {
        return (core_.state(slot) & kRowCondemned) != 0;
    }
    // The row that stands for a condemned one from this round on, or kNoLink.
    [[nodiscard]] uint32_t heir_of(uint32_t condemned) const;

    GraphCore& core_;
    Phase phase_ = Phase::kIdle;
    uint32_t cursor_ = 0;      // of the phase
    uint32_t chain_ = kNoLink; // where the phase stands in the chain of duplicates at the cursor
    uint32_t end_ = 0;         // of the slots that this round looks at
    uint64_t epoch_ = 0;
    uint32_t survivor_ = kNoLink; // some living row with links of its own
    std::vector<uint32_t> condemned_;
    std::vector<uint32_t> condemned_talls_;
    std::vector<uint32_t> handed_down_;      // talls that went to heirs, ascending
    std::optional<TallRows::Entry> highest_; // of the talls that stay
    std::unordered_map<uint32_t, uint32_t> heirs_;
    std::vector<uint64_t> linked_to_; // bit per slot: some row links to it
    std::vector<uint32_t> weak_;      // rows to be linked again
    size_t few_links_ = 0;            // so many of them, ascending: the others nobody links to
};

} // namespace vexfs::index
