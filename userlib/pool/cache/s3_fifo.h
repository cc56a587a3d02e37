// SPDX-License-Identifier: Apache-2.0
//
// S3-FIFO: a value enters a small queue that has a tenth of the budget; only if it is asked for
// again before it leaves that queue, or soon after, does it get into the main queue. So values that
// are read once pass through the small queue and leave the main one alone.
//
// Threads: any thread, a lock inside.
#pragma once

#include <deque>
#include <unordered_map>
#include <utility>

#include "base/mutex.h"
#include "userlib/pool/cache/cache.h"

namespace vexfs {

template <typename Value>
class S3Fifo final : public Cache<Value> {
  public:
    using typename Cache<Value>::Handle;
    using typename Cache<Value>::Left;
    using typename Cache<Value>::Past;
    using typename Cache<Value>::Use;
    using typename Cache<Value>::Counts;

    explicit S3Fifo(size_t budget_bytes) : budget_bytes_(budget_bytes) {}

    using Cache<Value>::get;
    using Cache<Value>::put;

    Handle get(uint64_t key, Use use) override {
        MutexLock lock(mutex_);
        const auto found = entries_.find(key);
        if (found == entries_.end()) {
            ++misses_;
            return nullptr;
        }
        ++hits_;
        Entry& entry = found->second;
        if (use == Use::kCounted && !std::exchange(entry.ahead, false))
            entry.heat = static_cast<uint8_t>(entry.heat < 3 ? entry.heat + 1 : 3);
        return entry.value;
    }

    [[nodiscard]] bool contains(uint64_t key) const override {
        MutexLock lock(mutex_);
        return entries_.contains(key);
    }

    void put(uint64_t key, Handle value, size_t cost_bytes, std::vector<Left>* left,
             Past past) override {
        MutexLock lock(mutex_);
        erase_locked(key);
        // Nobody has asked for it: that it was here once is no reason to think it will be used.
        const bool known =
            past == Past::kProven || (past == Past::kUnknown && ghosts_.contains(key));
        const uint64_t ticket = next_ticket_++;
        // In this order lack of memory leaves no more than a void place behind.
        (known ? main_ : small_).push_back({key, ticket});
        entries_.emplace(
            key, Entry{std::move(value), cost_bytes, ticket, 0, !known, past == Past::kAhead});
        (known ? main_bytes_ : small_bytes_) += cost_bytes;
        ghosts_.erase(key);
        evict(left);
    }

    void erase(uint64_t key) override {
        MutexLock lock(mutex_);
        erase_locked(key);
    }

    void set_budget(size_t budget_bytes) override {
        MutexLock lock(mutex_);
        budget_bytes_ = budget_bytes;
        evict(nullptr);
    }
    [[nodiscard]] size_t budget() const override {
        MutexLock lock(mutex_);
        return budget_bytes_;
    }
    [[nodiscard]] Counts counts() const override {
        MutexLock lock(mutex_);
        return {small_bytes_ + main_bytes_, entries_.size(), hits_, misses_};
    }

  private:
    struct Entry {
        Handle value;
        size_t cost = 0;
        uint64_t ticket = 0;
        uint8_t heat = 0;
        bool small = true;
        bool ahead = false; // nobody has asked for it yet
    };
    // A queue place whose ticket is not its entry's is void: the entry was erased or moved.
    struct Place {
        uint64_t key = 0;
        uint64_t ticket = 0;
    };

    void erase_locked(uint64_t key) VEXFS_REQUIRES(mutex_) {
        const auto found = entries_.find(key);
        if (found == entries_.end())
            return;
        (found->second.small ? small_bytes_ : main_bytes_) -= found->second.cost;
        entries_.erase(found);
    }

    void evict(std::vector<Left>* left) VEXFS_REQUIRES(mutex_) {
        while (small_bytes_ + main_bytes_ > budget_bytes_) {
            if (small_bytes_ > budget_bytes_ / 10 || main_bytes_ == 0)
                evict_small();
            else
                evict_main(left);
        }
        while (ghost_order_.size() > entries_.size() + 64) {
            const Place place = ghost_order_.front();
            ghost_order_.pop_front();
            const auto ghost = ghosts_.find(place.key);
            if (ghost != ghosts_.end() && ghost->second == place.ticket)
                ghosts_.erase(ghost);
        }
        compact(small_);
        compact(main_);
    }

    // The entry at a place, or nothing if the place is void.
    Entry* entry_at(const Place& place) VEXFS_REQUIRES(mutex_) {
        const auto found = entries_.find(place.key);
        return found != entries_.end() && found->second.ticket == place.ticket ? &found->second
                                                                               : nullptr;
    }

    // A place leaves its queue when all that its leaving may allocate is done.
    void evict_small() VEXFS_REQUIRES(mutex_) {
        const Place place = small_.front();
        Entry* entry = entry_at(place);
        if (entry != nullptr && entry->heat > 0) {
            main_.push_back(place);
            small_bytes_ -= entry->cost;
            main_bytes_ += entry->cost;
            entry->small = false;
            entry->heat = 0;
        } else if (entry != nullptr) {
            ghost_order_.push_back(place);
            ghosts_[place.key] = place.ticket;
            erase_locked(place.key);
        }
        small_.pop_front();
    }

    void evict_main(std::vector<Left>* left) VEXFS_REQUIRES(mutex_) {
        const Place place = main_.front();
        Entry* entry = entry_at(place);
        if (entry != nullptr && entry->heat > 0) {
            main_.push_back(place);
            --entry->heat;
        } else if (entry != nullptr) {
            if (left != nullptr)
                left->push_back({place.key, entry->value});
            erase_locked(place.key);
        }
        main_.pop_front();
    }

    // Void places at the front would otherwise pile up under a load that only replaces.
    void compact(std::deque<Place>& queue) VEXFS_REQUIRES(mutex_) {
        while (!queue.empty()) {
            if (entry_at(queue.front()) != nullptr)
                return;
            queue.pop_front();
        }
    }

    mutable Mutex mutex_;
    size_t budget_bytes_ VEXFS_GUARDED_BY(mutex_);
    std::unordered_map<uint64_t, Entry> entries_ VEXFS_GUARDED_BY(mutex_);
    std::unordered_map<uint64_t, uint64_t> ghosts_ VEXFS_GUARDED_BY(mutex_);
    std::deque<Place> small_ VEXFS_GUARDED_BY(mutex_);
    std::deque<Place> main_ VEXFS_GUARDED_BY(mutex_);
    std::deque<Place> ghost_order_ VEXFS_GUARDED_BY(mutex_);
    size_t small_bytes_ VEXFS_GUARDED_BY(mutex_) = 0;
    size_t main_bytes_ VEXFS_GUARDED_BY(mutex_) = 0;
    uint64_t next_ticket_ VEXFS_GUARDED_BY(mutex_) = 1;
    uint64_t hits_ VEXFS_GUARDED_BY(mutex_) = 0;
    uint64_t misses_ VEXFS_GUARDED_BY(mutex_) = 0;
};

} // namespace vexfs
