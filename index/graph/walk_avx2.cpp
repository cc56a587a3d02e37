// SPDX-License-Identifier: Apache-2.0
#include "index/graph/walk.h"

#if defined(__x86_64__)

#include "index/graph/lanes_avx2.h"
#include "index/graph/walk_table.h"
#include "index/kernels/code_avx2.h"
#include "index/kernels/code_half_avx2.h"

namespace vexfs::index {

const WalkKernels& walk_kernels_avx2(CodeShape shape) {
    return walk_table<CodeAvx2, SixteenAvx2, LanesAvx2>(shape);
}

} // namespace vexfs::index

#endif
