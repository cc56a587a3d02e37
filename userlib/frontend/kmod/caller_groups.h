// SPDX-License-Identifier: Apache-2.0
//
// The supplementary groups of callers, which the module tells once for each set of credentials.
//
// A set that came in pieces is known when all of it is there. Ids are never used again.
//
// Threads: any; one lock.
#pragma once

#include <unordered_map>
#include <vector>

#include "base/bytes.h"
#include "base/mutex.h"
#include "ioctl/vexfs_queue.h"

namespace vexfs {

class CallerGroups {
  public:
    static constexpr size_t kSetsMax = 4096;
    static constexpr uint32_t kGroupsMax = 65'536; // of a set, as Linux has it

    // A piece of a set, in order. EINVAL if it is not, ENOMEM if there are too many sets.
    Status add(const vexfs_req_cred& piece, Bytes groups);
    void drop(uint64_t id);
    // EACCES if not all of it is known.
    [[nodiscard]] Result<std::vector<uint32_t>> find(uint64_t id);

  private:
    struct Set {
        uint32_t total = 0;
        std::vector<uint32_t> groups;
    };
    Mutex mutex_;
    std::unordered_map<uint64_t, Set> sets_ VEXFS_GUARDED_BY(mutex_);
};

} // namespace vexfs
