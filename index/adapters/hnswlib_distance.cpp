// SPDX-License-Identifier: Apache-2.0
//
// Picks the variant of hnswlib's distances.
//
// Threads: pure.
#include "index/adapters/hnswlib_distance.h"

#include "base/assert.h"

namespace vexfs::index {

HnswlibDistance hnswlib_distance(Isa isa, Metric metric, size_t dim) {
    VEXFS_ASSERT(is_supported(isa));
#if defined(__x86_64__)
    if (isa == Isa::kAvx512)
        return hnswlib_distance_avx512(metric, dim);
    if (isa == Isa::kAvx2)
        return hnswlib_distance_avx2(metric, dim);
#endif
    return hnswlib_distance_baseline(metric, dim);
}

} // namespace vexfs::index
