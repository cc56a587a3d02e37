// SPDX-License-Identifier: Apache-2.0
#include "bench/ratio/ratio.h"

#include <algorithm>

namespace vexfs {

double middle_of(std::vector<double> values) {
    if (values.empty())
        return 0;
    std::sort(values.begin(), values.end());
    const size_t middle = values.size() / 2;
    return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

Ratio ratio_of(const std::vector<double>& over, const std::vector<double>& under) {
    std::vector<double> ratios;
    for (size_t i = 0; i < std::min(over.size(), under.size()); ++i)
        ratios.push_back(under[i] == 0 ? 0 : over[i] / under[i]);
    if (ratios.empty())
        return {};
    const auto [low, high] = std::minmax_element(ratios.begin(), ratios.end());
    return {middle_of(ratios), *low, *high};
}

} // namespace vexfs
