// SPDX-License-Identifier: Apache-2.0
//
// Where the exact vectors are: searches run on codes and ask here to re-rank their best candidates.
//
// Threads: implementations are called by many searches at once.
#pragma once

#include <cstdint>
#include <span>

#include "base/result.h"
#include "index/kernels/metric.h"

namespace vexfs::index {

class VectorSource {
  public:
    virtual ~VectorSource() = default;

    // The exact distance, in the metric's own unit, of each slot's vector from the query. One call
    // per search and round, so that an implementation which reads from a device does so in one
    // batch. Slots are distinct and not sorted; out.size() == slots.size().
    virtual Status exact_distances(const VectorView& query, std::span<const uint32_t> slots,
                                   std::span<float> out) const = 0;
};

} // namespace vexfs::index
