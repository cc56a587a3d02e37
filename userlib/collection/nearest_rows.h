// SPDX-License-Identifier: Apache-2.0
//
// Keeps the nearest rows of a stream: by distance, then inode number, then row; of each file its
// nearest row alone if that is wanted.
//
// Threads: one thread.
#pragma once

#include <algorithm>
#include <set>
#include <unordered_map>
#include <vector>

#include "userlib/collection/rows.h"

namespace vexfs {

struct FoundRow {
    float distance = 0;
    RowId id;
    uint32_t slot = 0;

    friend bool operator<(const FoundRow& a, const FoundRow& b) {
        return a.distance != b.distance ? a.distance < b.distance : a.id < b.id;
    }
};

class NearestRows {
  public:
    NearestRows(uint32_t wanted, bool per_file) : wanted_(wanted), per_file_(per_file) {}

    [[nodiscard]] size_t size() const { return per_file_ ? by_file_.size() : heap_.size(); }
    [[nodiscard]] bool full() const { return size() >= wanted_; }
    // Rows as far as this, or farther, may still be kept unless it is full.
    [[nodiscard]] float worst() const {
        return per_file_ ? ordered_.rbegin()->distance : heap_.front().distance;
    }

    // Whether add() would keep it: asked first, as to know more of a row may be expensive.
    [[nodiscard]] bool wants(const FoundRow& row) const {
        if (per_file_) {
            const auto found = by_file_.find(row.id.ino);
            if (found != by_file_.end())
                return row < found->second;
        }
        return !full() || row < (per_file_ ? *ordered_.rbegin() : heap_.front());
    }

    // The row is one that it wants.
    void add(const FoundRow& row) {
        if (per_file_)
            return add_of_file(row);
        if (full()) {
            std::pop_heap(heap_.begin(), heap_.end());
            heap_.pop_back();
        }
        heap_.push_back(row);
        std::push_heap(heap_.begin(), heap_.end());
    }

    // All that are kept, nearest first.
    [[nodiscard]] std::vector<FoundRow> finish() {
        if (per_file_)
            return {ordered_.begin(), ordered_.end()};
        std::sort_heap(heap_.begin(), heap_.end());
        return std::move(heap_);
    }
    // In no order.
    template <typename Visit>
    void for_each(Visit visit) const {
        for (const FoundRow& row : heap_)
            visit(row);
        for (const FoundRow& row : ordered_)
            visit(row);
    }

  private:
    void add_of_file(const FoundRow& row) {
        if (const auto found = by_file_.find(row.id.ino); found != by_file_.end()) {
            ordered_.erase(found->second);
            by_file_.erase(found);
        } else if (full()) {
            const auto last = std::prev(ordered_.end());
            by_file_.erase(last->id.ino);
            ordered_.erase(last);
        }
        ordered_.insert(row);
        by_file_.emplace(row.id.ino, row);
    }

    const uint32_t wanted_;
    const bool per_file_;
    std::vector<FoundRow> heap_;
    // per_file alone
    std::set<FoundRow> ordered_;
    std::unordered_map<uint64_t, FoundRow> by_file_;
};

} // namespace vexfs
