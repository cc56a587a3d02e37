// SPDX-License-Identifier: Apache-2.0
#include "index/kernels/code_kernels.h"

#if defined(__x86_64__)

#include "index/kernels/code_avx2.h"
#include "index/kernels/code_half_avx2.h"
#include "index/kernels/code_loops.h"

namespace vexfs::index {

const CodeKernels& code_kernels_avx2(CodeShape shape) {
    return loops_of<CodeAvx2, SixteenAvx2>(shape);
}

} // namespace vexfs::index

#endif
