// SPDX-License-Identifier: Apache-2.0
//
// The working memory of searches, kept for the next ones: as many as ran at once.
//
// Threads: any thread.
#pragma once

#include <memory>

#include "base/mutex.h"
#include "index/planner/batch.h"
#include "userlib/collection/visible_sets.h"

namespace vexfs {

struct RowScratch {
    index::BatchScratch index;
    // Of each point that is looked for.
    std::vector<std::vector<index::Neighbor>> found;
    std::vector<index::SearchReport> reports;
    std::vector<uint32_t> slots;
    std::vector<uint32_t> coded; // slots whose codes are scanned
    std::vector<float> distances;
    Page buffer;
};

class SearchScratches {
  public:
    // Lent until the lease ends.
    // Threads: one thread.
    class Lease {
      public:
        explicit Lease(SearchScratches& owner) : owner_(owner), scratch_(owner.take()) {}
        ~Lease() { owner_.give(std::move(scratch_)); }
        Lease(const Lease&) = delete;
        Lease& operator=(const Lease&) = delete;
        RowScratch& operator*() { return *scratch_; }

      private:
        SearchScratches& owner_;
        std::unique_ptr<RowScratch> scratch_;
    };

    [[nodiscard]] VisibleSets& visible() { return visible_; }

  private:
    std::unique_ptr<RowScratch> take() {
        MutexLock lock(mutex_);
        if (free_.empty()) {
            free_.reserve(++made_); // so that none is lost for want of memory
            return std::make_unique<RowScratch>();
        }
        std::unique_ptr<RowScratch> scratch = std::move(free_.back());
        free_.pop_back();
        return scratch;
    }
    void give(std::unique_ptr<RowScratch> scratch) {
        MutexLock lock(mutex_);
        free_.push_back(std::move(scratch));
    }

    Mutex mutex_;
    std::vector<std::unique_ptr<RowScratch>> free_ VEXFS_GUARDED_BY(mutex_);
    size_t made_ VEXFS_GUARDED_BY(mutex_) = 0;
    VisibleSets visible_;
};

} // namespace vexfs
