// SPDX-License-Identifier: Apache-2.0
//
// Exact distances between vectors of one element type, one dimension and one metric.
//
// What holds on every instruction set, for finite input at any alignment and any dimension from 1
// to kMaxDim:
// - i8, u8: the sums are exact integers; the distance is that integer (or the cosine made of three
//   of them in double) rounded once to float. Equal on every machine, bit for bit. bit: the same.
// - f32, f16, bf16: with n elements, the error of l2 and dot is at most (n / 8 + 16) * 2^-24 times
//   the sum of the absolute terms, plus n * 2^-126 for what underflows; of cosine at most
//   (n / 8 + 16) * 2^-23. The scalar kernels add in double and are the reference.
// - A distance is never NaN. One that is beyond float is +Inf or -Inf. Cosine lies in [0, 2].
//
// Threads: immutable; any thread.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/result.h"
#include "index/kernels/isa.h"
#include "index/kernels/metric.h"

namespace vexfs::index {

class Distance {
  public:
    // EINVAL if metric and element do not go together, or dim is 0 or more than kMaxDim.
    static Result<Distance> make(Element element, Metric metric, uint32_t dim,
                                 Isa isa = chosen_isa());

    [[nodiscard]] Element element() const { return element_; }
    [[nodiscard]] Metric metric() const { return metric_; }
    [[nodiscard]] uint32_t dim() const { return dim_; }
    [[nodiscard]] size_t row_bytes() const { return bytes_of(element_, dim_); }

    [[nodiscard]] float between(const std::byte* a, const std::byte* b) const {
        float distance = 0;
        gathered_(a, &b, 1, dim_, &distance);
        return distance;
    }

    // From the query to `count` rows that lie `stride_bytes` apart.
    void to_rows(const std::byte* query, const std::byte* rows, size_t stride_bytes, size_t count,
                 float* distances) const {
        strided_(query, rows, stride_bytes, count, dim_, distances);
    }

    // From the query to `count` rows anywhere in memory; prefetches ahead.
    void to_rows(const std::byte* query, const std::byte* const* rows, size_t count,
                 float* distances) const {
        gathered_(query, rows, count, dim_, distances);
    }

  private:
    using Strided = void (*)(const std::byte* query, const std::byte* rows, size_t stride_bytes,
                             size_t count, uint32_t dim, float* distances);
    using Gathered = void (*)(const std::byte* query, const std::byte* const* rows, size_t count,
                              uint32_t dim, float* distances);

    Distance(Element element, Metric metric, uint32_t dim, Strided strided, Gathered gathered)
        : element_(element), metric_(metric), dim_(dim), strided_(strided), gathered_(gathered) {}

    Element element_;
    Metric metric_;
    uint32_t dim_;
    Strided strided_;
    Gathered gathered_;
};

} // namespace vexfs::index
