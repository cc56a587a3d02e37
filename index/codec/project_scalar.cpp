// SPDX-License-Identifier: Apache-2.0
#include "index/codec/project.h"

#define VEXFS_LANE_BYTES 16
#define VEXFS_LANE_STRIP 8
#include "index/codec/project_loops.h"

namespace vexfs::index {

const ProjectKernels& project_kernels_scalar() {
    return kProjectKernels;
}

} // namespace vexfs::index
