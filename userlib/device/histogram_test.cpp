// SPDX-License-Identifier: Apache-2.0
#include "userlib/device/histogram.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include "base/random.h"

using namespace vexfs;

TEST_CASE("histogram: the buckets tile all values, each at most a 32nd of its value wide") {
    CHECK(Histogram::bucket_low(0) == 0);
    CHECK(Histogram::bucket_high(kHistogramBuckets - 1) == UINT64_MAX);
    CHECK(Histogram::bucket_of(UINT64_MAX) == kHistogramBuckets - 1);
    for (size_t bucket = 0; bucket < kHistogramBuckets; ++bucket) {
        const uint64_t low = Histogram::bucket_low(bucket);
        const uint64_t high = Histogram::bucket_high(bucket);
        REQUIRE(Histogram::bucket_of(low) == bucket);
        REQUIRE(Histogram::bucket_of(high) == bucket);
        REQUIRE(high - low <= low / 32);
        if (bucket > 0)
            REQUIRE(Histogram::bucket_high(bucket - 1) + 1 == low);
    }
}

TEST_CASE("histogram: quantiles are at or just above those of the sorted values") {
    auto histogram = std::make_unique<Histogram>();
    std::vector<uint64_t> values;
    Random random(11);
    for (int i = 0; i < 20000; ++i)
        values.push_back(static_cast<uint64_t>(std::exp(12.0 + 2.0 * random.normal())));
    for (uint64_t value : values)
        histogram->record(value);
    std::sort(values.begin(), values.end());
    const HistogramSnapshot taken = histogram->snapshot();
    for (double fraction : {0.0, 0.01, 0.5, 0.9, 0.99, 0.999, 1.0}) {
        CAPTURE(fraction);
        const auto rank = std::max<size_t>(1, static_cast<size_t>(std::ceil(fraction * 20000.0)));
        const uint64_t exact = values[rank - 1];
        CHECK(taken.quantile(fraction) >= exact);
        CHECK(taken.quantile(fraction) <= exact + exact / 32 + 1);
    }
    CHECK(taken.max() == values.back());
    CHECK(taken.quantile(1.0) == values.back());
    CHECK(taken.min() <= values.front());
    uint64_t sum = 0;
    for (uint64_t value : values)
        sum += value;
    CHECK(taken.sum() == sum);
    CHECK(taken.mean() == doctest::Approx(static_cast<double>(sum) / 20000.0));
}

TEST_CASE("histogram: without values everything is zero, and a merge adds up") {
    auto one = std::make_unique<Histogram>();
    auto two = std::make_unique<Histogram>();
    CHECK(one->snapshot().quantile(0.5) == 0);
    CHECK(one->snapshot().mean() == 0.0);
    CHECK(one->snapshot().min() == 0);
    one->record(10);
    two->record(30);
    HistogramSnapshot both = one->snapshot();
    both.merge(two->snapshot());
    CHECK(both.count() == 2);
    CHECK(both.sum() == 40);
    CHECK(both.min() == 10);
    CHECK(both.max() == 30);
    one->reset();
    CHECK(one->snapshot().count() == 0);
    CHECK(one->snapshot().max() == 0);
}

TEST_CASE("histogram: values recorded by several threads are all counted") {
    auto histogram = std::make_unique<Histogram>();
    constexpr uint64_t kEach = 50000;
    std::vector<std::thread> threads;
    for (uint64_t id = 0; id < 4; ++id)
        threads.emplace_back([&histogram, id] {
            for (uint64_t i = 0; i < kEach; ++i)
                histogram->record(id * kEach + i);
        });
    for (std::thread& thread : threads)
        thread.join();
    CHECK(histogram->snapshot().count() == 4 * kEach);
    CHECK(histogram->snapshot().max() == 4 * kEach - 1);
    CHECK(histogram->snapshot().sum() == 4 * kEach * (4 * kEach - 1) / 2);
}
