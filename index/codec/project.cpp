// SPDX-License-Identifier: Apache-2.0
#include "index/codec/project.h"

namespace vexfs::index {

const ProjectKernels& project_kernels(Isa isa) {
    switch (isa) {
#if defined(__x86_64__)
    case Isa::kAvx2:
        return project_kernels_avx2();
    case Isa::kAvx512:
        return project_kernels_avx512();
#elif defined(__aarch64__)
    case Isa::kNeon:
        return project_kernels_neon();
#endif
    default:
        return project_kernels_scalar();
    }
}

} // namespace vexfs::index
