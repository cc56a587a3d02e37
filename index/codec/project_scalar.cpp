// SPDX-License-Identifier: Apache-2.0
#include "index/codec/project.h"
#include "index/codec/project_loops.h"

namespace vexfs::index {

const ProjectKernels& project_kernels_scalar() {
    return kProjectKernels;
}

} // namespace vexfs::index
