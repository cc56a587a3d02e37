// SPDX-License-Identifier: Apache-2.0
#include "index/codec/project.h"

#if defined(__x86_64__)

#include "index/codec/project_loops.h"

namespace vexfs::index {

const ProjectKernels& project_kernels_avx2() {
    return kProjectKernels<4>;
}

} // namespace vexfs::index

#endif
