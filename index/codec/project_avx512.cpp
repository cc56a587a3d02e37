// SPDX-License-Identifier: Apache-2.0
#include "index/codec/project.h"

#if defined(__x86_64__)

#include "index/codec/project_loops.h"

namespace vexfs::index {

const ProjectKernels& project_kernels_avx512() {
    return kProjectKernels<8>;
}

} // namespace vexfs::index

#endif
