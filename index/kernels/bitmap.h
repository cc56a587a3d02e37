// SPDX-License-Identifier: Apache-2.0
//
// A set of slots as a bitmap of known count: what a filter is to the index.
//
// Slot s is bit s % 64 of word s / 64; slots from size_bits on are not in the set, and the bits of
// the last word beyond size_bits are 0. count_set is exact: the planner decides by it.
//
// Threads: BitmapView is a value over memory that nobody writes while it is used; Bitmap is for one
// thread.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/assert.h"

namespace vexfs::index {

struct BitmapView {
    const uint64_t* words;
    uint32_t size_bits;
    uint32_t count_set;

    [[nodiscard]] bool contains(uint32_t slot) const {
        return slot < size_bits && (words[slot / 64] >> (slot % 64) & 1) != 0;
    }
    [[nodiscard]] size_t word_count() const { return (size_t{size_bits} + 63) / 64; }

    // Calls visit(slot) for every slot of the set in ascending order.
    template <typename Visit>
    void for_each(Visit visit) const {
        for (size_t word = 0; word < word_count(); ++word) {
            for (uint64_t left = words[word]; left != 0; left &= left - 1)
                visit(
                    static_cast<uint32_t>(word * 64 + static_cast<size_t>(std::countr_zero(left))));
        }
    }
};

// A bitmap that owns its words and keeps the count.
// Threads: one thread.
class Bitmap {
  public:
    Bitmap() = default;
    explicit Bitmap(uint32_t size_bits) { resize(size_bits); }
    explicit Bitmap(const BitmapView& view)
        : words_(view.words, view.words + view.word_count()), size_bits_(view.size_bits),
          count_set_(view.count_set) {}
    static Bitmap full(uint32_t size_bits) {
        Bitmap all(size_bits);
        std::fill(all.words_.begin(), all.words_.end(), ~uint64_t{0});
        if (size_bits % 64 != 0)
            all.words_.back() >>= 64 - size_bits % 64;
        all.count_set_ = size_bits;
        return all;
    }

    // Grows with absent slots, or forgets the slots from size_bits on.
    void resize(uint32_t size_bits) {
        for (uint32_t slot = size_bits; slot < size_bits_ && slot % 64 != 0; ++slot)
            remove(slot);
        words_.resize((size_t{size_bits} + 63) / 64);
        size_bits_ = size_bits;
        count_set_ = 0;
        for (uint64_t word : words_)
            count_set_ += static_cast<uint32_t>(std::popcount(word));
    }

    void add(uint32_t slot) {
        VEXFS_ASSERT(slot < size_bits_);
        uint64_t& word = words_[slot / 64];
        const uint64_t bit = uint64_t{1} << (slot % 64);
        count_set_ += (word & bit) == 0;
        word |= bit;
    }
    void remove(uint32_t slot) {
        VEXFS_ASSERT(slot < size_bits_);
        uint64_t& word = words_[slot / 64];
        const uint64_t bit = uint64_t{1} << (slot % 64);
        count_set_ -= (word & bit) != 0;
        word &= ~bit;
    }

    [[nodiscard]] bool contains(uint32_t slot) const { return view().contains(slot); }
    [[nodiscard]] uint32_t size_bits() const { return size_bits_; }
    [[nodiscard]] uint32_t count_set() const { return count_set_; }
    // Lent until the next change.
    [[nodiscard]] BitmapView view() const { return {words_.data(), size_bits_, count_set_}; }

  private:
    std::vector<uint64_t> words_;
    uint32_t size_bits_ = 0;
    uint32_t count_set_ = 0;
};

} // namespace vexfs::index
