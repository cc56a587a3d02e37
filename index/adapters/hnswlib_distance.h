// SPDX-License-Identifier: Apache-2.0
//
// hnswlib's own distance functions, compiled for one instruction set each.
//
// The library picks its kernels by the flags of the compiler. Each variant here is a file compiled
// with the flags of its instruction set; the graph code above calls it through the pointer that the
// library wants anyway.
//
// Threads: pure.
#pragma once

#include <cstddef>

#include "index/kernels/isa.h"
#include "index/kernels/metric.h"

namespace vexfs::index {

// The distance of two vectors; the third argument points to the dimension as a size_t.
using HnswlibDistance = float (*)(const void*, const void*, const void*);

// Precondition: is_supported(isa). kScalar and kNeon give what the library compiles to on the
// baseline machine. kDot and kCosine give 1 - <a, b>.
HnswlibDistance hnswlib_distance(Isa isa, Metric metric, size_t dim);

HnswlibDistance hnswlib_distance_baseline(Metric metric, size_t dim);
HnswlibDistance hnswlib_distance_avx2(Metric metric, size_t dim);
HnswlibDistance hnswlib_distance_avx512(Metric metric, size_t dim);

} // namespace vexfs::index
