// SPDX-License-Identifier: Apache-2.0
//
// hnswlib's distances, compiled for avx512.
//
// Threads: pure.
#include "index/adapters/hnswlib_distance_body.h"

namespace vexfs::index {

HnswlibDistance hnswlib_distance_avx512(Metric metric, size_t dim) {
    return compiled_distance(metric, dim);
}

} // namespace vexfs::index
