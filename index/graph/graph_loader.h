// SPDX-License-Identifier: Apache-2.0
//
// A graph out of codes and bytes that nobody vouches for.
//
// First every row's code is added, with its neighbours if they are at hand, then the records of a
// snapshot and of the logs after it, then finish() puts together what holds: a row whose links are
// impossible (out of range, twice the same, itself) is not linked, a link to a row that is not
// linked is dropped, levels that contradict each other are dropped. The pieces may be of different
// ages: a row that nobody leads to is linked from those of its own neighbours that have room, and
// if none has, it is not linked. What is not linked is returned, for the caller to insert again. No
// byte is trusted and none leads astray.
//
// Threads: after prepare() add_code() and add_node() from several threads for different slots, the
// others one thread, of which finish() takes some more; the graph is nobody else's until it has
// returned.
#pragma once

#include <array>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "index/graph/change_record.h"
#include "index/graph/graph.h"

namespace vexfs::index {

struct LoadReport {
    uint32_t linked = 0;           // rows that searches find
    uint64_t dropped_links = 0;    // to rows that are not linked
    uint64_t added_links = 0;      // to rows that could not be reached
    uint64_t rejected_records = 0; // that made no sense by themselves
    std::vector<uint32_t>
        pending; // slots with a code that are not linked; the graph does not know them
};

class GraphLoader {
  public:
    // `graph` is empty. Slots are below slot_end.
    GraphLoader(Graph& graph, uint32_t slot_end);

    // Before several threads add rows. ENOMEM.
    Status prepare();

    // A row exists and this is its code. EINVAL for a slot out of range, ENOMEM.
    Status add_code(uint32_t slot, const uint8_t* record);

    // The same, and these are its neighbours on level 0. EINVAL also if they are too many.
    Status add_node(uint32_t slot, const uint8_t* record, std::span<const uint32_t> links);

    // The row is not what it was: as if nothing had been said of it.
    void reject(uint32_t slot);

    // Takes records up to the end of the bytes. EBADMSG if they end inside a record or a record has
    // an unknown kind, ENOMEM; what came before it counts.
    Status apply(Bytes records);

    // Once, by so many threads. After an ENOMEM the graph is of no use.
    Result<LoadReport> finish(size_t threads = 1);

  private:
    // The levels from 1 up that were given for a row, by number of level - 1.
    struct Upper {
        uint32_t slot = 0;
        uint32_t tall = kNoLink;
        std::array<size_t, kMaxLevel> begins{}; // of its links, in upper_links_
        std::array<uint8_t, kMaxLevel> counts{};
        uint8_t levels = 0; // bit per level given
    };

    // What one thread met of the rows that others lead to.
    struct Wave {
        std::vector<uint32_t> reached;
        uint64_t dropped_links = 0;
        Status status = ok();
    };

    Status apply_all(Bytes records);
    void apply_one(const ChangeHead& head, const uint32_t* links, bool fits);
    Status put_together();
    void take_links(const ChangeHead& head, const uint32_t* links);
    void take_upper(const ChangeHead& head, const uint32_t* links);
    void forget(uint32_t slot);
    // What was given for a row, or nothing.
    [[nodiscard]] Upper* upper_of(uint32_t slot);
    [[nodiscard]] bool is_current(const Upper& upper) { return upper_of(upper.slot) == &upper; }
    [[nodiscard]] std::span<const uint32_t> links_of(const Upper& upper, uint32_t level) const {
        return {upper_links_.data() + upper.begins[level - 1], upper.counts[level - 1]};
    }
    [[nodiscard]] bool is_row(uint32_t slot) const {
        return slot < kinds_.size() && kinds_[slot] != kNothing;
    }
    [[nodiscard]] bool is_node(uint32_t slot) const;
    [[nodiscard]] bool links_possible(uint32_t slot, std::span<const uint32_t> links) const;
    void set_links(uint32_t slot, std::span<const uint32_t> links);
    Status place_talls();
    void link_talls();
    Status place_entry();
    Status reach();
    void visit(uint32_t slot, std::vector<uint32_t>& reached);
    Status follow(std::vector<uint32_t>& reached, size_t from);
    void follow_some(std::span<const uint32_t> rows, Wave& wave);
    Status lead_to_unreached(std::vector<uint32_t>& reached);
    bool lead_to(uint32_t slot);
    void drop_unreached_talls();
    Status join_duplicates();

    enum Kind : uint8_t { kNothing, kCode, kNode, kReachedNode };

    GraphCore& core_;
    const uint32_t slot_end_;
    std::vector<uint8_t> kinds_;         // of the slots below slot_end_, from the first code on
    std::vector<Upper> uppers_;          // also of rows that were forgotten afterwards
    std::vector<uint32_t> upper_places_; // by slot: place in uppers_ + 1, or 0
    std::vector<uint32_t> upper_links_;
    std::unordered_map<uint32_t, uint32_t> shared_; // duplicate -> row it is found through
    uint32_t entry_ = kNoLink;
    size_t threads_ = 1;
    LoadReport report_;
};

} // namespace vexfs::index
