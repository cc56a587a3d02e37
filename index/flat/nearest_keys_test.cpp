// SPDX-License-Identifier: Apache-2.0
#include "index/flat/nearest_keys.h"

#include <algorithm>
#include <doctest/doctest.h>
#include <limits>

#include "base/random.h"
#include "index/flat/scan.h"

using namespace vexfs;
using namespace vexfs::index;

TEST_CASE("nearest keys: floats keep their order as integers and come back") {
    constexpr float kInfinity = std::numeric_limits<float>::infinity();
    const float ascending[] = {-kInfinity, -3e38F, -1, -1e-40F, 0,
                               1e-40F,     0.5F,   1,  3e38F,   kInfinity};
    for (size_t i = 0; i < std::size(ascending); ++i) {
        CHECK(unordered(ordered(ascending[i])) == ascending[i]);
        if (i > 0)
            CHECK(ordered(ascending[i - 1]) < ordered(ascending[i]));
    }
    CHECK(ordered(-0.0F) == ordered(0.0F));
    CHECK(key_of(ordered(-1.0F), 7) < key_of(ordered(1.0F), 3));
    CHECK(key_of(5, 3) < key_of(5, 7));
    CHECK(distance_of(key_of(INT32_MIN, 9)) == INT32_MIN);
    CHECK(slot_of(key_of(INT32_MIN, 9)) == 9);
}

TEST_CASE("nearest keys: the wanted smallest are kept, whatever the order they come in") {
    const uint64_t seed = 31;
    INFO("seed ", seed);
    Random random(seed);
    NearestKeys nearest;
    for (uint32_t wanted : {1U, 2U, 10U, 100U, 3000U}) {
        for (uint64_t spread : {uint64_t{3}, uint64_t{1} << 40}) {
            std::vector<uint64_t> all(2000);
            for (uint64_t& key : all)
                key = random.below(spread) << 32 | random.below(1000);
            const uint64_t limit = random.chance(1, 2) ? UINT64_MAX : all[0];
            nearest.start(wanted, limit);
            for (uint64_t key : all)
                nearest.push(key);
            std::erase_if(all, [&](uint64_t key) { return key > limit; });
            std::sort(all.begin(), all.end());
            all.resize(std::min<size_t>(all.size(), wanted));
            const auto kept = nearest.finish();
            CHECK(std::equal(kept.begin(), kept.end(), all.begin(), all.end()));
        }
    }
}

TEST_CASE("scan: the mask of near distances equals a comparison one by one") {
    const uint64_t seed = 32;
    INFO("seed ", seed);
    Random random(seed);
    for (int round = 0; round < 1000; ++round) {
        int32_t distances[kScanBlock];
        for (int32_t& distance : distances) {
            distance = random.chance(1, 8)
                           ? (random.chance(1, 2) ? INT32_MAX : INT32_MIN)
                           : static_cast<int32_t>(random.next()) >> random.below(31);
        }
        const int32_t limit = distances[random.below(kScanBlock)];
        uint64_t expected = 0;
        for (uint32_t i = 0; i < kScanBlock; ++i)
            expected |= uint64_t{distances[i] <= limit} << i;
        CHECK(within(distances, limit) == expected);
    }
}

TEST_CASE("nearest keys: as many blocks as there are give one smallest distance per lane") {
    const uint64_t seed = 33;
    INFO("seed ", seed);
    Random random(seed);
    int32_t distances[5 * kScanBlock];
    for (int32_t& distance : distances)
        distance = static_cast<int32_t>(random.next());
    for (uint32_t blocks : {1U, 2U, 5U}) {
        int32_t lowest[kScanBlock];
        lowest_lanes(distances, blocks, lowest);
        for (uint32_t lane = 0; lane < kScanBlock; ++lane) {
            int32_t expected = distances[lane];
            for (uint32_t block = 1; block < blocks; ++block)
                expected = std::min(expected, distances[block * kScanBlock + lane]);
            CHECK(lowest[lane] == expected);
        }
    }
}

TEST_CASE("nearest keys: a bound lets the wanted rows pass and not many more") {
    const uint64_t seed = 34;
    INFO("seed ", seed);
    Random random(seed);
    for (uint32_t wanted : {1U, 2U, 10U, 32U, 64U}) {
        int32_t distances[kScanBlock];
        for (int32_t& distance : distances)
            distance = static_cast<int32_t>(random.next());
        const auto pass = [&](int32_t limit) {
            return std::count_if(distances, distances + kScanBlock,
                                 [&](int32_t distance) { return distance <= limit; });
        };
        CHECK(pass(bound_of(distances, wanted)) >= wanted);
        CHECK(pass(bound_of(distances, wanted)) <= wanted + wanted / 4);
        std::fill_n(distances, kScanBlock, INT32_MAX);
        CHECK(bound_of(distances, wanted) == INT32_MAX);
        distances[7] = INT32_MIN;
        CHECK(pass(bound_of(distances, 1)) == 1);
    }
}
