// SPDX-License-Identifier: Apache-2.0
#include "userlib/device/histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "base/assert.h"

namespace vexfs {

namespace {

constexpr unsigned kStepsBits = 5;
constexpr uint64_t kSteps = uint64_t{1} << kStepsBits;
constexpr auto kRelaxed = std::memory_order_relaxed;

} // namespace

static_assert((64 - kStepsBits + 1) * kSteps == kHistogramBuckets);

size_t Histogram::bucket_of(uint64_t value) {
    if (value < kSteps)
        return value;
    const unsigned shift = static_cast<unsigned>(std::bit_width(value)) - 1 - kStepsBits;
    return shift * kSteps + (value >> shift);
}

uint64_t Histogram::bucket_low(size_t bucket) {
    VEXFS_ASSERT(bucket < kHistogramBuckets);
    if (bucket < 2 * kSteps)
        return bucket;
    const uint64_t shift = bucket / kSteps - 1;
    return (bucket % kSteps + kSteps) << shift;
}

uint64_t Histogram::bucket_high(size_t bucket) {
    return bucket + 1 < kHistogramBuckets ? bucket_low(bucket + 1) - 1 : UINT64_MAX;
}

void Histogram::record(uint64_t value) {
    counts_[bucket_of(value)].fetch_add(1, kRelaxed);
    sum_.fetch_add(value, kRelaxed);
    uint64_t seen = max_.load(kRelaxed);
    while (seen < value && !max_.compare_exchange_weak(seen, value, kRelaxed)) {
    }
}

HistogramSnapshot Histogram::snapshot() const {
    HistogramSnapshot taken;
    for (size_t i = 0; i < kHistogramBuckets; ++i) {
        taken.counts_[i] = counts_[i].load(kRelaxed);
        taken.count_ += taken.counts_[i];
    }
    taken.sum_ = sum_.load(kRelaxed);
    taken.max_ = max_.load(kRelaxed);
    return taken;
}

void Histogram::reset() {
    for (auto& count : counts_)
        count.store(0, kRelaxed);
    sum_.store(0, kRelaxed);
    max_.store(0, kRelaxed);
}

uint64_t HistogramSnapshot::min() const {
    for (size_t i = 0; i < kHistogramBuckets; ++i)
        if (counts_[i] > 0)
            return Histogram::bucket_low(i);
    return 0;
}

double HistogramSnapshot::mean() const {
    return count_ == 0 ? 0.0 : static_cast<double>(sum_) / static_cast<double>(count_);
}

uint64_t HistogramSnapshot::quantile(double fraction) const {
    const double wanted = std::ceil(std::clamp(fraction, 0.0, 1.0) * static_cast<double>(count_));
    const uint64_t rank = std::max<uint64_t>(1, static_cast<uint64_t>(wanted));
    uint64_t seen = 0;
    for (size_t i = 0; i < kHistogramBuckets; ++i) {
        seen += counts_[i];
        if (seen >= rank)
            return std::min(Histogram::bucket_high(i), max_);
    }
    return max_;
}

void HistogramSnapshot::merge(const HistogramSnapshot& other) {
    for (size_t i = 0; i < kHistogramBuckets; ++i)
        counts_[i] += other.counts_[i];
    count_ += other.count_;
    sum_ += other.sum_;
    max_ = std::max(max_, other.max_);
}

} // namespace vexfs
