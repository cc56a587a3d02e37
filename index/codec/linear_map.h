// SPDX-License-Identifier: Apache-2.0
//
// What is trained: the mean of some rows and the directions they vary in; and who trains it.
//
// Threads: LinearMap is a value. Trainers say for themselves.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/result.h"

namespace vexfs::index {

// Rows of floats, one after the other, lent by their owner. All are finite.
struct FloatRows {
    const float* values;
    size_t count;
    size_t dim;

    [[nodiscard]] const float* row(size_t i) const { return values + i * dim; }
};

struct LinearMap {
    std::vector<float> mean;       // dim
    std::vector<float> directions; // orthonormal, each of dim floats, by falling variance
    std::vector<double> variances; // one per direction
    double total_variance = 0;     // over all directions, learned or not

    [[nodiscard]] size_t count() const { return variances.size(); }
};

// Learns a LinearMap. The project's own is PcaTrainer; a library's trainer fits behind it.
// Threads: any thread; no state changes.
class Trainer {
  public:
    virtual ~Trainer() = default;
    // At most `directions_max` directions, at most rows.dim, possibly none. rows.count > 0. EINVAL
    // if no spectrum is found.
    [[nodiscard]] virtual Result<LinearMap> learn(FloatRows rows, size_t directions_max,
                                                  uint64_t seed) const = 0;
};

} // namespace vexfs::index
