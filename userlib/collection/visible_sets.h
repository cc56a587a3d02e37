// SPDX-License-Identifier: Apache-2.0
//
// The slots of the rows of some classes, kept for the searches that ask for the same ones.
//
// Threads: any thread, with the collection's lock shared.
#pragma once

#include <memory>

#include "base/mutex.h"
#include "userlib/collection/row_table.h"

namespace vexfs {

class VisibleSets {
  public:
    // Of the table as it is.
    std::shared_ptr<const index::Bitmap> of(const RowTable& table,
                                            const std::vector<bool>& classes);
    [[nodiscard]] size_t memory_bytes();

  private:
    static constexpr size_t kSetsMax = 8;

    struct Set {
        std::vector<bool> classes;
        std::shared_ptr<const index::Bitmap> slots;
    };

    Mutex mutex_;
    uint64_t version_ VEXFS_GUARDED_BY(mutex_) = 0;  // of the table, when the sets were made
    std::vector<Set> sets_ VEXFS_GUARDED_BY(mutex_); // the latest first
};

} // namespace vexfs
