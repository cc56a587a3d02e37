// SPDX-License-Identifier: Apache-2.0
#include "index/kernels/code_kernels.h"

#if defined(__x86_64__)

#include "index/kernels/code_avx512.h"
#include "index/kernels/code_half_avx512.h"
#include "index/kernels/code_loops.h"

namespace vexfs::index {

const CodeKernels& code_kernels_avx512(CodeShape shape) {
    return loops_of<CodeAvx512, SixteenAvx512>(shape);
}

} // namespace vexfs::index

#endif
