// SPDX-License-Identifier: Apache-2.0
//
// Distances in plain C++: the reference, and the kernels of a machine without vector instructions.
//
// Float sums are made in double, in which no sum of kMaxDim products of floats overflows; integer
// sums in 64 bits.
//
// Threads: pure functions.
#include <bit>
#include <cmath>
#include <limits>

#include "base/bytes.h"
#include "index/kernels/convert.h"
#include "index/kernels/distance_table.h"

namespace vexfs::index {
namespace {

template <Element kElement>
auto at(const std::byte* data, uint32_t i) {
    if constexpr (kElement == Element::kF32)
        return double{std::bit_cast<float>(load_le<uint32_t>(data + size_t{4} * i))};
    else if constexpr (kElement == Element::kF16)
        return double{f32_from_f16(load_le<uint16_t>(data + size_t{2} * i))};
    else if constexpr (kElement == Element::kBf16)
        return double{f32_from_bf16(load_le<uint16_t>(data + size_t{2} * i))};
    else if constexpr (kElement == Element::kI8)
        return static_cast<int64_t>(static_cast<int8_t>(data[i]));
    else
        return static_cast<int64_t>(data[i]);
}

// A double beyond the range of float becomes an infinity; the plain cast would be undefined.
float rounded(double value) {
    if (value > double{std::numeric_limits<float>::max()})
        return std::numeric_limits<float>::infinity();
    if (value < -double{std::numeric_limits<float>::max()})
        return -std::numeric_limits<float>::infinity();
    return static_cast<float>(value);
}

template <Element kElement>
float l2(const std::byte* a, const std::byte* b, uint32_t dim) {
    decltype(at<kElement>(a, 0)) sum = 0;
    for (uint32_t i = 0; i < dim; ++i) {
        const auto difference = at<kElement>(a, i) - at<kElement>(b, i);
        sum += difference * difference;
    }
    return rounded(static_cast<double>(sum));
}

template <Element kElement>
float dot(const std::byte* a, const std::byte* b, uint32_t dim) {
    decltype(at<kElement>(a, 0)) sum = 0;
    for (uint32_t i = 0; i < dim; ++i)
        sum += at<kElement>(a, i) * at<kElement>(b, i);
    return rounded(0 - static_cast<double>(sum));
}

template <Element kElement>
float cosine(const std::byte* a, const std::byte* b, uint32_t dim) {
    decltype(at<kElement>(a, 0)) product = 0, norm_a = 0, norm_b = 0;
    for (uint32_t i = 0; i < dim; ++i) {
        const auto x = at<kElement>(a, i);
        const auto y = at<kElement>(b, i);
        product += x * y;
        norm_a += x * x;
        norm_b += y * y;
    }
    if (norm_a == 0 || norm_b == 0)
        return 1;
    // Two roots and not the root of the product: that would leave the range of double.
    const double cosine = static_cast<double>(product) / (std::sqrt(static_cast<double>(norm_a)) *
                                                          std::sqrt(static_cast<double>(norm_b)));
    const double distance = 1 - cosine;
    return static_cast<float>(distance < 0 ? 0 : distance > 2 ? 2 : distance);
}

float hamming(const std::byte* a, const std::byte* b, uint32_t dim) {
    uint32_t differing = 0;
    for (size_t i = 0; i < bytes_of(Element::kBit, dim); ++i)
        differing += static_cast<uint32_t>(std::popcount(static_cast<uint8_t>(a[i] ^ b[i])));
    return static_cast<float>(differing);
}

float jaccard(const std::byte* a, const std::byte* b, uint32_t dim) {
    uint32_t both = 0, either = 0;
    for (size_t i = 0; i < bytes_of(Element::kBit, dim); ++i) {
        both += static_cast<uint32_t>(std::popcount(static_cast<uint8_t>(a[i] & b[i])));
        either += static_cast<uint32_t>(std::popcount(static_cast<uint8_t>(a[i] | b[i])));
    }
    return either == 0 ? 0 : static_cast<float>(either - both) / static_cast<float>(either);
}

using Pair = float (*)(const std::byte* a, const std::byte* b, uint32_t dim);

template <Pair kPair>
void strided(const std::byte* query, const std::byte* rows, size_t stride_bytes, size_t count,
             uint32_t dim, float* distances) {
    for (size_t i = 0; i < count; ++i)
        distances[i] = kPair(query, rows + i * stride_bytes, dim);
}

template <Pair kPair>
void gathered(const std::byte* query, const std::byte* const* rows, size_t count, uint32_t dim,
              float* distances) {
    for (size_t i = 0; i < count; ++i)
        distances[i] = kPair(query, rows[i], dim);
}

template <Pair kPair>
constexpr DistanceKernel kernel() {
    return {strided<kPair>, gathered<kPair>};
}

#define VEXFS_ROW_OF(element)                                                                      \
    {                                                                                              \
        {}, kernel<l2<element>>(), kernel<cosine<element>>(), kernel<dot<element>>(), {}, {}       \
    }

} // namespace

const DistanceTable kScalarDistances = {{
    {},
    VEXFS_ROW_OF(Element::kF32),
    VEXFS_ROW_OF(Element::kF16),
    VEXFS_ROW_OF(Element::kBf16),
    VEXFS_ROW_OF(Element::kI8),
    VEXFS_ROW_OF(Element::kU8),
    {{}, {}, {}, {}, kernel<hamming>(), kernel<jaccard>()},
}};

float wide_dot_distance(Element element, const std::byte* a, const std::byte* b, uint32_t dim) {
    switch (element) {
    case Element::kF16:
        return dot<Element::kF16>(a, b, dim);
    case Element::kBf16:
        return dot<Element::kBf16>(a, b, dim);
    default:
        return dot<Element::kF32>(a, b, dim);
    }
}

float wide_cosine_distance(Element element, const std::byte* a, const std::byte* b, uint32_t dim) {
    switch (element) {
    case Element::kF16:
        return cosine<Element::kF16>(a, b, dim);
    case Element::kBf16:
        return cosine<Element::kBf16>(a, b, dim);
    default:
        return cosine<Element::kF32>(a, b, dim);
    }
}

} // namespace vexfs::index
