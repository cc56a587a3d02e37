// SPDX-License-Identifier: Apache-2.0
//
// A seeded random number generator whose output is the same on every compiler and machine.
//
// xoshiro256** seeded by splitmix64. The standard library's distributions differ between
// implementations, so the few that VexFS needs are here. A run that uses randomness is reproduced
// from its seed alone. Not for secrets.
//
// Threads: one thread each.
#pragma once

#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <span>
#include <utility>

#include "base/assert.h"

namespace vexfs {

class Random {
  public:
    explicit Random(uint64_t seed) {
        for (uint64_t& word : state_)
            word = split_mix(seed);
    }

    uint64_t next() {
        const uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
        const uint64_t shifted = state_[1] << 17;
        state_[2] ^= state_[0];
        state_[3] ^= state_[1];
        state_[1] ^= state_[2];
        state_[0] ^= state_[3];
        state_[2] ^= shifted;
        state_[3] = std::rotl(state_[3], 45);
        return result;
    }

    // Uniform in [0, bound); bound > 0. The bias is below 2^-32 for any bound under 2^32.
    uint64_t below(uint64_t bound) {
        VEXFS_ASSERT(bound > 0);
        return static_cast<uint64_t>((static_cast<Wide>(next()) * bound) >> 64);
    }
    // Uniform in [low, high].
    uint64_t between(uint64_t low, uint64_t high) {
        VEXFS_ASSERT(low <= high && high - low != UINT64_MAX);
        return low + below(high - low + 1);
    }
    // True in `numerator` of `denominator` cases.
    bool chance(uint64_t numerator, uint64_t denominator) { return below(denominator) < numerator; }
    // Uniform in [0, 1).
    double unit() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }
    // Standard normal (Box-Muller, one of the pair).
    double normal() {
        const double radius = std::sqrt(-2.0 * std::log(1.0 - unit()));
        return radius * std::cos(2.0 * 3.14159265358979323846 * unit());
    }
    // A generator of its own, for a part of the run that must not shift when another part draws
    // more.
    Random fork() { return Random(next()); }

    template <typename T>
    void shuffle(std::span<T> items) {
        for (size_t i = items.size(); i > 1; --i)
            std::swap(items[i - 1], items[below(i)]);
    }

  private:
    __extension__ typedef unsigned __int128 Wide;

    static uint64_t split_mix(uint64_t& seed) {
        seed += 0x9e3779b97f4a7c15;
        uint64_t mixed = seed;
        mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
        mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
        return mixed ^ (mixed >> 31);
    }

    std::array<uint64_t, 4> state_{};
};

} // namespace vexfs
