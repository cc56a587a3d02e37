// SPDX-License-Identifier: Apache-2.0
//
// Histogram: counts of values over the whole range of 64 bits, in buckets at most 1/32 wide of
// their value.
//
// Values below 64 have a bucket each; above, every power of two is cut into 32. A quantile is exact
// up to the width of its bucket and never below the true value.
//
// Threads: record() from any thread, without a lock. A snapshot taken meanwhile may miss values
// being recorded.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace vexfs {

inline constexpr size_t kHistogramBuckets = 1920;

// Threads: a value.
class HistogramSnapshot {
  public:
    [[nodiscard]] uint64_t count() const { return count_; }
    [[nodiscard]] uint64_t sum() const { return sum_; }
    [[nodiscard]] uint64_t max() const { return max_; }
    [[nodiscard]] uint64_t min() const;
    [[nodiscard]] double mean() const;
    // The smallest bound that a share of `fraction` (0..1) of the values does not exceed; 0 without
    // values.
    [[nodiscard]] uint64_t quantile(double fraction) const;
    // Adds another's values to these.
    void merge(const HistogramSnapshot& other);

  private:
    friend class Histogram;

    std::array<uint64_t, kHistogramBuckets> counts_{};
    uint64_t count_ = 0;
    uint64_t sum_ = 0;
    uint64_t max_ = 0;
};

class Histogram {
  public:
    void record(uint64_t value);
    [[nodiscard]] HistogramSnapshot snapshot() const;
    void reset();

    static size_t bucket_of(uint64_t value);
    // The smallest and the largest value of a bucket.
    static uint64_t bucket_low(size_t bucket);
    static uint64_t bucket_high(size_t bucket);

  private:
    std::array<std::atomic<uint64_t>, kHistogramBuckets> counts_{};
    std::atomic<uint64_t> sum_{0};
    std::atomic<uint64_t> max_{0};
};

} // namespace vexfs
