// SPDX-License-Identifier: Apache-2.0
//
// A set of slots, a bit each, with the count.
//
// Threads: add(), remove() and reading from any thread while nobody resizes; a change is one atomic
// operation. resize(), clear(), add_alone() and remove_alone() alone.
#pragma once

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstdint>
#include <vector>

namespace vexfs {

class SlotSet {
  public:
    // Slots below `size` may be added; none that is not is in the set.
    void resize(uint32_t size) { words_.resize((size_t{size} + 63) / 64, 0); }

    // True if the set changed.
    bool add(uint32_t slot) {
        const uint64_t before = word(slot / 64).fetch_or(bit(slot), std::memory_order_acq_rel);
        const bool changed = (before & bit(slot)) == 0;
        count_.fetch_add(changed ? 1 : 0, std::memory_order_relaxed);
        return changed;
    }
    bool remove(uint32_t slot) {
        const uint64_t before = word(slot / 64).fetch_and(~bit(slot), std::memory_order_acq_rel);
        const bool changed = (before & bit(slot)) != 0;
        count_.fetch_sub(changed ? 1 : 0, std::memory_order_relaxed);
        return changed;
    }
    // The same by whoever is alone with the set, in a fifth of the time.
    void add_alone(uint32_t slot) {
        uint64_t& word = words_[slot / 64];
        change_count((word & bit(slot)) == 0 ? 1 : 0);
        word |= bit(slot);
    }
    void remove_alone(uint32_t slot) {
        uint64_t& word = words_[slot / 64];
        change_count((word & bit(slot)) != 0 ? uint32_t{0} - 1 : 0);
        word &= ~bit(slot);
    }
    void clear() {
        std::fill(words_.begin(), words_.end(), 0);
        count_ = 0;
    }
    [[nodiscard]] bool contains(uint32_t slot) const {
        return slot / 64 < words_.size() && (load(slot / 64) & bit(slot)) != 0;
    }
    [[nodiscard]] uint32_t count() const { return count_.load(std::memory_order_relaxed); }
    [[nodiscard]] size_t word_count() const { return words_.size(); }
    [[nodiscard]] uint64_t load(size_t index) const {
        return std::atomic_ref(const_cast<uint64_t&>(words_[index]))
            .load(std::memory_order_acquire);
    }
    [[nodiscard]] size_t memory_bytes() const { return words_.capacity() * sizeof(uint64_t); }

  private:
    static uint64_t bit(uint32_t slot) { return uint64_t{1} << (slot % 64); }
    void change_count(uint32_t by) {
        count_.store(count_.load(std::memory_order_relaxed) + by, std::memory_order_relaxed);
    }
    std::atomic_ref<uint64_t> word(size_t index) { return std::atomic_ref(words_[index]); }

    std::vector<uint64_t> words_;
    std::atomic<uint32_t> count_ = 0;
};

} // namespace vexfs
