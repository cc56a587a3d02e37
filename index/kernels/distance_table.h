// SPDX-License-Identifier: Apache-2.0
//
// The table of distance kernels that each instruction set fills in. Internal to index/kernels.
//
// Included by files that are compiled for more than the baseline machine: declarations and plain
// data only.
//
// Threads: the tables are constant.
#pragma once

#include <cstddef>
#include <cstdint>

#include "index/kernels/metric.h"

namespace vexfs::index {

using StridedDistance = void (*)(const std::byte* query, const std::byte* rows, size_t stride_bytes,
                                 size_t count, uint32_t dim, float* distances);
using GatheredDistance = void (*)(const std::byte* query, const std::byte* const* rows,
                                  size_t count, uint32_t dim, float* distances);

struct DistanceKernel {
    StridedDistance strided;
    GatheredDistance gathered;
};

// Indexed by the number of the element and of the metric; null where they do not go together.
struct DistanceTable {
    DistanceKernel kernels[7][6];
};

extern const DistanceTable kScalarDistances;
extern const DistanceTable kAvx2Distances;
extern const DistanceTable kAvx512Distances;
extern const DistanceTable kNeonDistances;

// The distance of one pair of float vectors with sums in double: what a kernel falls back on when
// its own float sums overflow, or lose their digits to underflow.
float wide_dot_distance(Element element, const std::byte* a, const std::byte* b, uint32_t dim);
float wide_cosine_distance(Element element, const std::byte* a, const std::byte* b, uint32_t dim);

} // namespace vexfs::index
