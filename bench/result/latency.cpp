// SPDX-License-Identifier: Apache-2.0
#include "bench/result/latency.h"

#include <algorithm>
#include <cmath>

#include "base/assert.h"

namespace vexfs {

uint64_t percentile(std::span<uint64_t> samples, double percent) {
    VEXFS_ASSERT(!samples.empty());
    // 99.9 percent of 10,000 are 9,990, which the product of two doubles exceeds by a little.
    const double rank = std::ceil(percent * static_cast<double>(samples.size()) / 100 - 1e-9);
    const auto place =
        static_cast<size_t>(std::clamp(rank, 1.0, static_cast<double>(samples.size())) - 1);
    std::nth_element(samples.begin(), samples.begin() + static_cast<ptrdiff_t>(place),
                     samples.end());
    return samples[place];
}

Latency latency_of(std::span<uint64_t> samples_ns) {
    return {percentile(samples_ns, 50), percentile(samples_ns, 90), percentile(samples_ns, 99),
            percentile(samples_ns, 99.9), percentile(samples_ns, 100)};
}

} // namespace vexfs
