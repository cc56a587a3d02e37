// SPDX-License-Identifier: Apache-2.0
//
// How two that took turns compare: round by round, so that what disturbed a round disturbed both.
//
// Threads: pure functions.
#pragma once

#include <vector>

namespace vexfs {

struct Ratio {
    double middle = 0;
    double low = 0;
    double high = 0;
};

// The median; 0 of nothing.
double middle_of(std::vector<double> values);

// Of the one over the other, element by element; an element over 0 is 0.
Ratio ratio_of(const std::vector<double>& over, const std::vector<double>& under);

} // namespace vexfs
