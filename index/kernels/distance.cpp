// SPDX-License-Identifier: Apache-2.0
#include "index/kernels/distance.h"

#include "index/kernels/distance_table.h"

namespace vexfs::index {
namespace {

const DistanceTable& table_of(Isa isa) {
    switch (isa) {
#if defined(__x86_64__)
    case Isa::kAvx2:
        return kAvx2Distances;
    case Isa::kAvx512:
        return kAvx512Distances;
#elif defined(__aarch64__)
    case Isa::kNeon:
        return kNeonDistances;
#endif
    default:
        return kScalarDistances;
    }
}

} // namespace

Result<Distance> Distance::make(Element element, Metric metric, uint32_t dim, Isa isa) {
    if (!is_element(static_cast<uint8_t>(element)))
        return fail(Code::kEINVAL, "distance: unknown element type");
    if (!is_metric(static_cast<uint8_t>(metric)))
        return fail(Code::kEINVAL, "distance: unknown metric");
    if (!fits(element, metric))
        return fail(Code::kEINVAL, "distance: hamming and jaccard go with bits, and only they");
    if (dim == 0 || dim > kMaxDim)
        return fail(Code::kEINVAL, "distance: dim is 0 or more than 65535");
    if (!is_supported(isa))
        return fail(Code::kEINVAL, "distance: the instruction set does not run here");
    const DistanceKernel& kernel =
        table_of(isa).kernels[static_cast<uint8_t>(element)][static_cast<uint8_t>(metric)];
    return Distance(element, metric, dim, kernel.strided, kernel.gathered);
}

} // namespace vexfs::index
