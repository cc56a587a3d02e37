// SPDX-License-Identifier: Apache-2.0
//
// ARC, as Megiddo and Modha describe it, with entries of different sizes.
//
// Values that were asked for once are in one list, those asked for again in another, each by the
// time of its last use. Of what left either the key is remembered for a while. A key that comes
// back says that its list was too short: the target, which is what the first list may take of the
// budget when something has to go, moves in its favour by the size of the entry, and by as many
// times that as the other list remembers more.
//
// Threads: any thread, a lock inside.
#pragma once

#include <algorithm>
#include <array>
#include <list>
#include <unordered_map>
#include <utility>

#include "base/mutex.h"
#include "userlib/pool/cache/cache.h"

namespace vexfs {

template <typename Value>
class Arc final : public Cache<Value> {
  public:
    using typename Cache<Value>::Handle;
    using typename Cache<Value>::Left;
    using typename Cache<Value>::Past;
    using typename Cache<Value>::Use;
    using typename Cache<Value>::Counts;

    explicit Arc(size_t budget_bytes) : budget_bytes_(budget_bytes) {}

    using Cache<Value>::get;
    using Cache<Value>::put;

    Handle get(uint64_t key, Use use) override {
        MutexLock lock(mutex_);
        const auto found = places_.find(key);
        if (found == places_.end() || is_ghost(found->second->list)) {
            ++misses_;
            return nullptr;
        }
        ++hits_;
        const Place place = found->second;
        if (use == Use::kCounted)
            move(place, std::exchange(place->ahead, false) ? kOnce : kOften);
        return place->value;
    }

    [[nodiscard]] bool contains(uint64_t key) const override {
        MutexLock lock(mutex_);
        const auto found = places_.find(key);
        return found != places_.end() && !is_ghost(found->second->list);
    }

    void put(uint64_t key, Handle value, size_t cost_bytes, std::vector<Left>* left,
             Past past) override {
        MutexLock lock(mutex_);
        const auto found = places_.find(key);
        const bool ghost = found != places_.end() && is_ghost(found->second->list);
        List from = past == Past::kProven ? kOften : kOnce;
        if (ghost && past != Past::kAhead) { // nobody has asked for what is put ahead
            from = found->second->list;
            adapt(from, cost_bytes);
        }
        erase_locked(key);
        if (cost_bytes > budget_bytes_)
            return;
        make_room(cost_bytes, from == kOftenGone, left);
        // Lack of memory leaves it out, and nothing half done.
        std::list<Entry> fresh;
        const List to = from == kOnce ? kOnce : kOften;
        fresh.push_back({key, std::move(value), cost_bytes, to, past == Past::kAhead});
        places_.emplace(key, fresh.begin());
        bytes_[to] += cost_bytes;
        lists_[to].splice(lists_[to].end(), fresh);
        forget();
    }

    void erase(uint64_t key) override {
        MutexLock lock(mutex_);
        erase_locked(key);
    }

    void set_budget(size_t budget_bytes) override {
        MutexLock lock(mutex_);
        budget_bytes_ = budget_bytes;
        target_bytes_ = std::min(target_bytes_, budget_bytes_);
        make_room(0, false, nullptr);
        forget();
    }
    [[nodiscard]] size_t budget() const override {
        MutexLock lock(mutex_);
        return budget_bytes_;
    }
    [[nodiscard]] Counts counts() const override {
        MutexLock lock(mutex_);
        return {bytes_[kOnce] + bytes_[kOften], lists_[kOnce].size() + lists_[kOften].size(), hits_,
                misses_};
    }

    // What values that were asked for once may take when something has to go.
    [[nodiscard]] size_t target() const {
        MutexLock lock(mutex_);
        return target_bytes_;
    }
    // Of the values, and of those that are remembered.
    [[nodiscard]] size_t known_bytes() const {
        MutexLock lock(mutex_);
        return known_locked();
    }

  private:
    // T1, T2, B1 and B2 of the paper; the next to leave is in front.
    enum List : uint8_t { kOnce, kOften, kOnceGone, kOftenGone };
    struct Entry {
        uint64_t key = 0;
        Handle value; // none of what has gone
        size_t cost = 0;
        List list = kOnce;
        bool ahead = false; // nobody has asked for it yet
    };
    using Place = typename std::list<Entry>::iterator;

    static bool is_ghost(List list) { return list == kOnceGone || list == kOftenGone; }

    void move(Place place, List to) VEXFS_REQUIRES(mutex_) {
        const List from = place->list;
        bytes_[from] -= place->cost;
        bytes_[to] += place->cost;
        place->list = to;
        lists_[to].splice(lists_[to].end(), lists_[from], place);
    }

    void erase_locked(uint64_t key) VEXFS_REQUIRES(mutex_) {
        const auto found = places_.find(key);
        if (found == places_.end())
            return;
        const Place place = found->second;
        bytes_[place->list] -= place->cost;
        places_.erase(found);
        lists_[place->list].erase(place);
    }

    [[nodiscard]] size_t known_locked() const VEXFS_REQUIRES(mutex_) {
        return bytes_[kOnce] + bytes_[kOften] + bytes_[kOnceGone] + bytes_[kOftenGone];
    }

    // One that had gone is back.
    void adapt(List ghost, size_t cost_bytes) VEXFS_REQUIRES(mutex_) {
        const List other = ghost == kOnceGone ? kOftenGone : kOnceGone;
        const size_t times =
            std::max<size_t>(1, bytes_[other] / std::max<size_t>(1, bytes_[ghost]));
        const size_t step = std::min(budget_bytes_, cost_bytes * times);
        if (ghost == kOnceGone)
            target_bytes_ = std::min(budget_bytes_, target_bytes_ + step);
        else
            target_bytes_ -= std::min(target_bytes_, step);
    }

    // Until so many bytes more fit. `back`: for one that comes back to the values asked for again.
    void make_room(size_t bytes, bool back, std::vector<Left>* left) VEXFS_REQUIRES(mutex_) {
        while (bytes_[kOnce] + bytes_[kOften] + bytes > budget_bytes_) {
            const bool over =
                bytes_[kOnce] > target_bytes_ || (back && bytes_[kOnce] == target_bytes_);
            const List from =
                !lists_[kOnce].empty() && (over || lists_[kOften].empty()) ? kOnce : kOften;
            const Place place = lists_[from].begin();
            if (from == kOften && left != nullptr)
                left->push_back({place->key, place->value});
            place->value = nullptr;
            move(place, from == kOnce ? kOnceGone : kOftenGone);
        }
    }

    // What was asked for once and what is remembered of it is within the budget, all within twice.
    void forget() VEXFS_REQUIRES(mutex_) {
        while (!lists_[kOnceGone].empty() && bytes_[kOnce] + bytes_[kOnceGone] > budget_bytes_)
            erase_locked(lists_[kOnceGone].front().key);
        while (!lists_[kOftenGone].empty() && known_locked() > 2 * budget_bytes_)
            erase_locked(lists_[kOftenGone].front().key);
    }

    mutable Mutex mutex_;
    size_t budget_bytes_ VEXFS_GUARDED_BY(mutex_);
    size_t target_bytes_ VEXFS_GUARDED_BY(mutex_) = 0;
    std::unordered_map<uint64_t, Place> places_ VEXFS_GUARDED_BY(mutex_);
    std::array<std::list<Entry>, 4> lists_ VEXFS_GUARDED_BY(mutex_);
    std::array<size_t, 4> bytes_ VEXFS_GUARDED_BY(mutex_){};
    uint64_t hits_ VEXFS_GUARDED_BY(mutex_) = 0;
    uint64_t misses_ VEXFS_GUARDED_BY(mutex_) = 0;
};

} // namespace vexfs
