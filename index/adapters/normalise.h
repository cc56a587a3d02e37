// SPDX-License-Identifier: Apache-2.0
//
// Between the metrics here and those of libraries that have the squared distance and the inner
// product: cosine is the inner product of vectors that are scaled to length 1.
//
// Threads: pure.
#pragma once

#include <cmath>
#include <span>
#include <vector>

#include "index/kernels/metric.h"

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

// Each row of length 1, for the metric that wants it; nothing for the others, whose rows stand as
// they are.
inline std::vector<float> unit_rows(Metric metric, std::span<const float> rows, size_t dim) {
    std::vector<float> unit;
    for (size_t i = 0; metric == Metric::kCosine && i < rows.size(); i += dim) {
        const std::vector<float> row = normalised(rows.subspan(i, dim));
        unit.insert(unit.end(), row.begin(), row.end());
    }
    return unit;
}

// What FAISS calls a distance, in the unit of index/kernels.
inline float distance_of_library(Metric metric, float value) {
    return metric == Metric::kL2 ? value : metric == Metric::kDot ? -value : 1 - value;
}

} // namespace vexfs::index
