// SPDX-License-Identifier: Apache-2.0
//
// Scales a vector to length 1, for libraries that know cosine only as the inner product of such
// vectors.
//
// Threads: pure.
#pragma once

#include <cmath>
#include <span>
#include <vector>

namespace vexfs::index {

// A zero vector stays zero: its inner product with anything is 0 and its cosine distance 1.
inline std::vector<float> normalised(std::span<const float> vector) {
    double square = 0;
    for (float value : vector)
        square += double{value} * value;
    const auto scale = square > 0 ? static_cast<float>(1 / std::sqrt(square)) : 0.0F;
    std::vector<float> unit(vector.begin(), vector.end());
    for (float& value : unit)
        value *= scale;
    return unit;
}

} // namespace vexfs::index
