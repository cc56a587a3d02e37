// SPDX-License-Identifier: Apache-2.0
#include "index/kernels/code_kernels.h"

#include "base/assert.h"
#include "index/kernels/code_loops.h"

namespace vexfs::index {

const CodeKernels& code_kernels_scalar(CodeShape shape) {
    return loops_of<CodeScalar, SixteenScalar>(shape);
}

const CodeKernels& code_kernels(Isa isa, CodeShape shape) {
    VEXFS_ASSERT(code_shape_valid(shape) && is_supported(isa));
#if defined(__x86_64__)
    if (isa == Isa::kAvx512)
        return code_kernels_avx512(shape);
    if (isa == Isa::kAvx2)
        return code_kernels_avx2(shape);
#endif
    return code_kernels_scalar(shape);
}

} // namespace vexfs::index
