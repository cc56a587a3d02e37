// SPDX-License-Identifier: Apache-2.0
//
// Clustered vectors, and filters that agree or disagree with queries. Included by tests only.
//
// Threads: one thread.
#pragma once

#include <algorithm>
#include <vector>

#include "base/random.h"
#include "index/kernels/bitmap.h"
#include "index/kernels/metric.h"

namespace vexfs::index {

constexpr uint32_t kTestDim = 32;

// Points around random centres that lie in a space of 10 dimensions, turned into kTestDim.
class TestRows {
  public:
    TestRows(uint32_t count, uint64_t seed) : random_(seed) {
        for (float& number : turn_)
            number = static_cast<float>(random_.normal());
        for (float& number : centres_)
            number = static_cast<float>(random_.normal());
        for (uint32_t i = 0; i < count; ++i)
            add(rows_);
        for (uint32_t i = 0; i < kQueries; ++i)
            add(queries_);
    }

    static constexpr uint32_t kQueries = 40;

    [[nodiscard]] uint32_t count() const { return static_cast<uint32_t>(rows_.size() / kTestDim); }
    [[nodiscard]] const std::byte* data() const {
        return reinterpret_cast<const std::byte*>(rows_.data());
    }
    [[nodiscard]] VectorView row(uint32_t i) const { return view(rows_, i); }
    [[nodiscard]] VectorView query(uint32_t i) const { return view(queries_, i); }

    // By definition, in double: the k nearest rows that are allowed.
    [[nodiscard]] std::vector<Neighbor> nearest(uint32_t query, uint32_t k,
                                                const Bitmap* allowed) const {
        std::vector<Neighbor> all;
        for (uint32_t slot = 0; slot < count(); ++slot) {
            if (allowed != nullptr && !allowed->contains(slot))
                continue;
            double sum = 0;
            for (uint32_t j = 0; j < kTestDim; ++j) {
                const double difference = double{rows_[size_t{slot} * kTestDim + j]} -
                                          double{queries_[size_t{query} * kTestDim + j]};
                sum += difference * difference;
            }
            all.push_back({slot, static_cast<float>(sum)});
        }
        std::sort(all.begin(), all.end());
        all.resize(std::min<size_t>(all.size(), k));
        return all;
    }

    // Each row with the given probability.
    Bitmap random_filter(double share) {
        Bitmap allowed(count());
        for (uint32_t slot = 0; slot < count(); ++slot) {
            if (random_.unit() < share)
                allowed.add(slot);
        }
        return allowed;
    }

    // The given share of the rows, those that lie most in the direction away from the query.
    [[nodiscard]] Bitmap far_filter(uint32_t query, double share) const {
        std::vector<Neighbor> all;
        for (uint32_t slot = 0; slot < count(); ++slot) {
            float along = 0;
            for (uint32_t j = 0; j < kTestDim; ++j) {
                along +=
                    rows_[size_t{slot} * kTestDim + j] * queries_[size_t{query} * kTestDim + j];
            }
            all.push_back({slot, along});
        }
        std::sort(all.begin(), all.end());
        Bitmap allowed(count());
        for (size_t i = 0; i < static_cast<size_t>(share * count()); ++i)
            allowed.add(all[i].slot);
        return allowed;
    }

  private:
    static constexpr uint32_t kCentres = 50, kInner = 10;

    static VectorView view(const std::vector<float>& from, uint32_t i) {
        return {Element::kF32, kTestDim,
                reinterpret_cast<const std::byte*>(from.data() + size_t{i} * kTestDim)};
    }

    void add(std::vector<float>& to) {
        float inner[kInner];
        const float* centre = centres_.data() + random_.below(kCentres) * kInner;
        for (uint32_t i = 0; i < kInner; ++i)
            inner[i] = centre[i] + 0.4F * static_cast<float>(random_.normal());
        for (uint32_t j = 0; j < kTestDim; ++j) {
            auto sum = static_cast<float>(0.05 * random_.normal());
            for (uint32_t i = 0; i < kInner; ++i)
                sum += inner[i] * turn_[i * kTestDim + j];
            to.push_back(sum);
        }
    }

    Random random_;
    std::vector<float> turn_ = std::vector<float>(size_t{kInner} * kTestDim);
    std::vector<float> centres_ = std::vector<float>(size_t{kCentres} * kInner);
    std::vector<float> rows_, queries_;
};

} // namespace vexfs::index
