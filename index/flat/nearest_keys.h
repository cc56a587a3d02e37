// SPDX-License-Identifier: Apache-2.0
//
// Keeps the nearest of a stream of rows.
//
// A row is one 64-bit key, its distance above its slot, so that comparing keys orders by distance,
// then by slot. Keys that pass the limit are collected; when the room is full a partial selection
// keeps the nearest and tightens the limit. A scan tests the limit itself and so hands over few of
// its rows.
//
// Threads: one thread.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <span>
#include <vector>

#include "index/kernels/metric.h"

namespace vexfs::index {

// A float as an integer of the same order. No NaN; both zeros are one number.
constexpr int32_t ordered(float distance) {
    const auto bits = std::bit_cast<int32_t>(distance + 0.0F);
    return bits < 0 ? bits ^ INT32_MAX : bits;
}
constexpr float unordered(int32_t number) {
    return std::bit_cast<float>(number < 0 ? number ^ INT32_MAX : number);
}

// `distance` is that of a code, or ordered(exact distance).
constexpr uint64_t key_of(int32_t distance, uint32_t slot) {
    return uint64_t{static_cast<uint32_t>(distance) ^ 0x80000000U} << 32 | slot;
}
constexpr uint32_t slot_of(uint64_t key) {
    return static_cast<uint32_t>(key);
}
constexpr int32_t distance_of(uint64_t key) {
    return static_cast<int32_t>(static_cast<uint32_t>(key >> 32) ^ 0x80000000U);
}

class NearestKeys {
  public:
    // Forgets all keys; from here on the `wanted` (at least 1) smallest keys up to and including
    // `limit` are kept. The room is reused: nothing is allocated unless `wanted` is larger than
    // ever before.
    void start(uint32_t wanted, uint64_t limit = UINT64_MAX) {
        wanted_ = wanted;
        count_ = 0;
        limit_ = limit;
        const size_t room = size_t{4} * wanted + 64;
        if (keys_.size() < room)
            keys_.resize(room);
        capacity_ = room;
    }

    // Keys above it are not among the nearest.
    [[nodiscard]] uint64_t limit() const { return limit_; }

    [[nodiscard]] uint32_t wanted() const { return wanted_; }

    // True while no key has been pushed: what is known of the rows beforehand can still keep keys
    // from being pushed in vain.
    [[nodiscard]] bool is_open() const { return count_ == 0; }
    // The caller knows that `wanted` keys up to `limit` will be pushed.
    void lower_limit(uint64_t limit) { limit_ = std::min(limit_, limit); }

    void push(uint64_t key) {
        if (key > limit_)
            return;
        if (wanted_ <= kSortedMost) {
            insert(key);
            return;
        }
        keys_[count_++] = key;
        if (count_ == capacity_)
            select();
    }

    // The nearest, ascending; at most `wanted`. Lent until the next start.
    std::span<const uint64_t> finish() {
        if (wanted_ <= kSortedMost)
            return {keys_.data(), count_};
        if (count_ > wanted_)
            select();
        std::sort(keys_.begin(), keys_.begin() + static_cast<ptrdiff_t>(count_));
        return {keys_.data(), count_};
    }

  private:
    // Few keys are kept sorted all the time: the limit is then as tight as can be, and most rows
    // stop at it.
    static constexpr uint32_t kSortedMost = 40;

    void insert(uint64_t key) {
        size_t place = count_ < wanted_ ? count_++ : count_ - 1;
        for (; place > 0 && keys_[place - 1] > key; --place)
            keys_[place] = keys_[place - 1];
        keys_[place] = key;
        if (count_ == wanted_)
            limit_ = keys_[count_ - 1];
    }

    void select() {
        const auto last = keys_.begin() + wanted_ - 1;
        std::nth_element(keys_.begin(), last, keys_.begin() + static_cast<ptrdiff_t>(count_));
        count_ = wanted_;
        limit_ = *last;
    }

    std::vector<uint64_t> keys_;
    size_t capacity_ = 0;
    size_t count_ = 0;
    uint32_t wanted_ = 0;
    uint64_t limit_ = 0;
};

} // namespace vexfs::index
