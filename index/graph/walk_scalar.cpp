// SPDX-License-Identifier: Apache-2.0
#include "index/graph/lanes_scalar.h"
#include "index/graph/walk.h"
#include "index/graph/walk_table.h"

namespace vexfs::index {

const WalkKernels& walk_kernels_scalar(CodeShape shape) {
    return walk_table<CodeScalar, SixteenScalar, LanesScalar>(shape);
}

} // namespace vexfs::index
