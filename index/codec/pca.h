// SPDX-License-Identifier: Apache-2.0
//
// Principal components by Eigen, and random orthonormal frames.
//
// The cost grows with the cube of the smaller of rows and dimensions up to 1,024, and from there
// with their product times the number of directions asked for.
//
// Threads: pure functions, any thread.
#pragma once

#include <cstdint>
#include <vector>

#include "index/codec/linear_map.h"

namespace vexfs::index {

class PcaTrainer final : public Trainer {
  public:
    [[nodiscard]] Result<LinearMap> learn(FloatRows rows, size_t directions_max,
                                          uint64_t seed) const override;
};

// Extends `count` orthonormal rows of `dim` floats to `wanted` (at most dim) by random ones.
void complete_directions(std::vector<float>& directions, size_t count, size_t wanted, size_t dim,
                         uint64_t seed);

// turned = F * directions, where F is a random rows x count matrix (rows >= count) with orthonormal
// columns: it keeps every length and spreads the variance evenly over `rows` components. Row-major,
// rows * dim floats.
std::vector<float> turn_directions(const std::vector<float>& directions, size_t count, size_t rows,
                                   size_t dim, uint64_t seed);

} // namespace vexfs::index
