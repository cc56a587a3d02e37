// SPDX-License-Identifier: Apache-2.0
#include "index/kernels/bitmap.h"

#include <doctest/doctest.h>
#include <set>

#include "base/random.h"

using namespace vexfs;
using namespace vexfs::index;

TEST_CASE("bitmap: adding, removing and resizing keep the set and its count") {
    const uint64_t seed = 11;
    INFO("seed ", seed);
    Random random(seed);
    Bitmap bitmap(100);
    std::set<uint32_t> oracle;
    for (int step = 0; step < 5000; ++step) {
        if (random.chance(1, 50)) {
            const auto size = static_cast<uint32_t>(random.between(1, 300));
            bitmap.resize(size);
            oracle.erase(oracle.lower_bound(size), oracle.end());
        }
        const auto slot = static_cast<uint32_t>(random.below(bitmap.size_bits()));
        if (random.chance(2, 3)) {
            bitmap.add(slot);
            oracle.insert(slot);
        } else {
            bitmap.remove(slot);
            oracle.erase(slot);
        }
        REQUIRE(bitmap.count_set() == oracle.size());
    }
    std::set<uint32_t> visited;
    bitmap.view().for_each([&](uint32_t slot) {
        CHECK((visited.empty() || *visited.rbegin() < slot));
        visited.insert(slot);
    });
    CHECK(visited == oracle);
}

TEST_CASE("bitmap: a slot beyond the size is not in the set") {
    Bitmap bitmap(70);
    bitmap.add(69);
    CHECK(bitmap.contains(69));
    CHECK_FALSE(bitmap.contains(70));
    CHECK_FALSE(bitmap.contains(UINT32_MAX));
    bitmap.resize(69);
    CHECK(bitmap.count_set() == 0);
    bitmap.resize(128);
    CHECK_FALSE(bitmap.contains(69));
}
