// SPDX-License-Identifier: Apache-2.0
#include "index/codec/project.h"

#if defined(__aarch64__)

#define VEXFS_LANE_BYTES 16
#define VEXFS_LANE_STRIP 16
#include "index/codec/project_loops.h"

namespace vexfs::index {

const ProjectKernels& project_kernels_neon() {
    return kProjectKernels;
}

} // namespace vexfs::index

#endif
