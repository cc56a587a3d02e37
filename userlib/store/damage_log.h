// SPDX-License-Identifier: Apache-2.0
//
// What reads met that was damaged: a line in the log for each, at the rate that the log allows, and
// how often.
//
// Reading goes on from a second copy where there is one. Nothing is repaired here: a node has two
// good copies again once it is written again.
//
// Threads: any thread.
#pragma once

#include <atomic>

#include "userlib/device/device.h"

namespace vexfs {

// Since the open. One that is read again counts again.
struct ReadDamage {
    uint64_t nodes_rescued = 0; // one copy was bad, the other good
    uint64_t nodes_lost = 0;    // no copy was good
    uint64_t records_lost = 0;  // of object data, in whole or in part
};

class DamageLog {
  public:
    explicit DamageLog(const Device& device) : device_(device) {}

    // The first copy, at `block`, was bad, and the second one good.
    void rescued_node(uint64_t block, Error cause);
    void lost_node(uint64_t block, uint32_t copies, Error cause);
    void lost_record(uint64_t oid, uint64_t offset, uint64_t block, Error cause);

    [[nodiscard]] ReadDamage counts() const;

  private:
    const Device& device_;
    std::atomic<uint64_t> nodes_rescued_{0};
    std::atomic<uint64_t> nodes_lost_{0};
    std::atomic<uint64_t> records_lost_{0};
};

} // namespace vexfs
