// SPDX-License-Identifier: Apache-2.0
#include "index/codec/project.h"

#if defined(__x86_64__)

#define VEXFS_LANE_BYTES 32
#define VEXFS_LANE_STRIP 8
#include "index/codec/project_loops.h"

namespace vexfs::index {

const ProjectKernels& project_kernels_avx2() {
    return kProjectKernels;
}

} // namespace vexfs::index

#endif
