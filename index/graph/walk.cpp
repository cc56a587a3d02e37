// SPDX-License-Identifier: Apache-2.0
#include "index/graph/walk.h"

#include "base/assert.h"

namespace vexfs::index {

const WalkKernels& walk_kernels(Isa isa, CodeShape shape) {
    VEXFS_ASSERT(code_shape_valid(shape) && is_supported(isa));
#if defined(__x86_64__)
    if (isa == Isa::kAvx512)
        return walk_kernels_avx512(shape);
    if (isa == Isa::kAvx2)
        return walk_kernels_avx2(shape);
#endif
    return walk_kernels_scalar(shape);
}

} // namespace vexfs::index
