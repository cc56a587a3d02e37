// SPDX-License-Identifier: Apache-2.0
#include "bench/ratio/ratio.h"

#include <doctest/doctest.h>

using namespace vexfs;

TEST_CASE("ratio: the middle, the smallest and the largest are of the rounds' own ratios") {
    const Ratio ratio = ratio_of({2, 30, 4}, {1, 10, 1});
    CHECK(ratio.middle == 3);
    CHECK(ratio.low == 2);
    CHECK(ratio.high == 4);
}

TEST_CASE("ratio: what has no pair is left out, and nothing over nothing is 0") {
    CHECK(ratio_of({6, 100}, {2}).high == 3);
    CHECK(ratio_of({}, {1}).middle == 0);
    CHECK(ratio_of({1}, {0}).middle == 0);
    CHECK(middle_of({}) == 0);
    CHECK(middle_of({3, 1, 2}) == 2);
    CHECK(middle_of({4, 1, 2, 3}) == doctest::Approx(2.5));
}
