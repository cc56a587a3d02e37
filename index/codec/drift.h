// SPDX-License-Identifier: Apache-2.0
//
// Says when a codec no longer fits the rows that arrive, so that another one is trained.
//
// It watches what the codec leaves out of a row: variance outside its directions, components beyond
// its range, lengths beyond its limit. Recent rows count most: the weight of a row halves every
// kDriftHalfLife rows.
//
// Threads: one thread; show it every row, or one in so many.
#pragma once

#include <cstdint>

#include "index/codec/codec.h"

namespace vexfs::index {

constexpr uint32_t kDriftHalfLife = 1024;

struct DriftReading {
    uint64_t rows = 0;     // observed
    float lost_share = 0;  // of the training rows' variance, lost by recent rows
    float beyond_norm = 0; // share of recent rows longer than the limit under dot
    bool drifted = false;
};

class DriftMonitor {
  public:
    // Watches for `codec`, which outlives it.
    explicit DriftMonitor(const Codec& codec) : codec_(&codec) {}

    void observe(VectorView row);
    [[nodiscard]] DriftReading reading() const;

  private:
    const Codec* codec_;
    uint64_t rows_ = 0;
    // Decaying sums over the rows.
    double weight_ = 0;
    double lost_ = 0;
    double beyond_norm_ = 0;
};

} // namespace vexfs::index
