// SPDX-License-Identifier: Apache-2.0
//
// Hands out slots: those that were given back first, the lowest ahead, then new ones.
//
// Threads: one thread at a time.
#pragma once

#include <span>
#include <vector>

#include "base/result.h"
#include "userlib/collection/slot_set.h"

namespace vexfs {

class SlotPool {
  public:
    // EFBIG if the collection would have more slots than it may.
    Result<std::vector<uint32_t>> take(uint32_t count);
    // From slots that were never handed out alone.
    Result<std::vector<uint32_t>> take_new(uint32_t count);
    void give(std::span<const uint32_t> slots);
    void give(uint32_t slot) { give({&slot, 1}); }

    // One beyond the highest slot that was handed out.
    [[nodiscard]] uint32_t end() const { return end_; }
    [[nodiscard]] bool is_free(uint32_t slot) const { return free_.contains(slot); }
    // Forgets that the free slots at the end were ever handed out. The end then.
    uint32_t cut();
    [[nodiscard]] uint32_t free_count() const { return free_.count(); }
    // Slots below `end` were handed out before.
    void start_at(uint32_t end);
    [[nodiscard]] size_t memory_bytes() const { return free_.memory_bytes(); }

  private:
    SlotSet free_;
    size_t lowest_word_ = 0; // no slot of a word before it is free
    uint32_t end_ = 0;
};

} // namespace vexfs
