// SPDX-License-Identifier: Apache-2.0
#include "index/graph/walk.h"

#if defined(__x86_64__)

#include "index/graph/lanes_avx512.h"
#include "index/graph/walk_table.h"
#include "index/kernels/code_avx512.h"
#include "index/kernels/code_half_avx512.h"

namespace vexfs::index {

const WalkKernels& walk_kernels_avx512(CodeShape shape) {
    return walk_table<CodeAvx512, SixteenAvx512, LanesAvx512>(shape);
}

} // namespace vexfs::index

#endif
