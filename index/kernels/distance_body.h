// SPDX-License-Identifier: Apache-2.0
//
// The distance kernels, written once over a set of vector operations V and compiled once per
// instruction set.
//
// Included only by distance_avx2.cpp, distance_avx512.cpp and distance_neon.cpp, each of which
// defines its V first. Everything is in an anonymous namespace and nothing of the standard library
// is called: an inline function compiled here could otherwise become the one copy that the linker
// keeps for the whole program.
//
// V has Floats (kFloats lanes), Ints (a register of bytes or of kWords 16-bit words; sums in 32-bit
// lanes), and:
//   zero, load<E>, load_part<E> (n < kFloats, the rest 0), subtract, multiply_add, sum
//   zero_ints, load_words<E>, load_words_part<E>, subtract_words, add_products, sum_ints (modulo
//   2^32) load_bytes, load_bytes_part, bit_xor, bit_or, add_bits (adds the number of set bits),
//   sum_bits
//
// Threads: pure functions.
#pragma once

#include <cstddef>
#include <cstdint>

#include "index/kernels/distance_table.h"

#define VEXFS_INLINE [[gnu::always_inline]] static inline

namespace vexfs::index {
namespace {

constexpr size_t size_of(Element element) {
    return element == Element::kF32                                ? 4
           : element == Element::kF16 || element == Element::kBf16 ? 2
                                                                   : 1;
}

constexpr bool is_float(Element element) {
    return size_of(element) > 1;
}

// Sums of one metric over float lanes: four independent ones, so that the additions overlap.
template <typename V>
struct FloatL2 {
    typename V::Floats sums[4] = {V::zero(), V::zero(), V::zero(), V::zero()};

    template <int kLane>
    [[gnu::always_inline]] inline void step(typename V::Floats x, typename V::Floats y) {
        const auto difference = V::subtract(x, y);
        sums[kLane] = V::multiply_add(difference, difference, sums[kLane]);
    }
};

template <typename V>
struct FloatDot {
    typename V::Floats sums[4] = {V::zero(), V::zero(), V::zero(), V::zero()};

    template <int kLane>
    [[gnu::always_inline]] inline void step(typename V::Floats x, typename V::Floats y) {
        sums[kLane] = V::multiply_add(x, y, sums[kLane]);
    }
};

// The product, and the square of the second vector's norm.
template <typename V>
struct FloatCosine {
    typename V::Floats sums[4] = {V::zero(), V::zero(), V::zero(), V::zero()};
    typename V::Floats norms[4] = {V::zero(), V::zero(), V::zero(), V::zero()};

    template <int kLane>
    [[gnu::always_inline]] inline void step(typename V::Floats x, typename V::Floats y) {
        sums[kLane] = V::multiply_add(x, y, sums[kLane]);
        norms[kLane] = V::multiply_add(y, y, norms[kLane]);
    }
};

template <typename V, Element kElement, typename Sums>
VEXFS_INLINE void add_floats(const std::byte* a, const std::byte* b, uint32_t dim, Sums& sums) {
    constexpr uint32_t kLanes = V::kFloats;
    constexpr size_t kStep = kLanes * size_of(kElement);
    uint32_t left = dim;
    for (; left >= 4 * kLanes; left -= 4 * kLanes, a += 4 * kStep, b += 4 * kStep) {
        sums.template step<0>(V::template load<kElement>(a), V::template load<kElement>(b));
        sums.template step<1>(V::template load<kElement>(a + kStep),
                              V::template load<kElement>(b + kStep));
        sums.template step<2>(V::template load<kElement>(a + 2 * kStep),
                              V::template load<kElement>(b + 2 * kStep));
        sums.template step<3>(V::template load<kElement>(a + 3 * kStep),
                              V::template load<kElement>(b + 3 * kStep));
    }
    for (; left >= kLanes; left -= kLanes, a += kStep, b += kStep)
        sums.template step<0>(V::template load<kElement>(a), V::template load<kElement>(b));
    if (left > 0) {
        sums.template step<1>(V::template load_part<kElement>(a, left),
                              V::template load_part<kElement>(b, left));
    }
}

// Every sum of squares or products of kMaxDim bytes fits 32 bits, so sums modulo 2^32 are exact.
static_assert(uint64_t{255} * 255 * kMaxDim <= UINT32_MAX &&
              uint64_t{128} * 128 * kMaxDim <= INT32_MAX);

template <typename V>
struct IntL2 {
    typename V::Ints sum = V::zero_ints();

    [[gnu::always_inline]] inline void step(typename V::Ints x, typename V::Ints y) {
        const auto difference = V::subtract_words(x, y);
        sum = V::add_products(sum, difference, difference);
    }
};

template <typename V>
struct IntDot {
    typename V::Ints sum = V::zero_ints();

    [[gnu::always_inline]] inline void step(typename V::Ints x, typename V::Ints y) {
        sum = V::add_products(sum, x, y);
    }
};

template <typename V>
struct IntCosine {
    typename V::Ints sum = V::zero_ints();
    typename V::Ints norm = V::zero_ints();

    [[gnu::always_inline]] inline void step(typename V::Ints x, typename V::Ints y) {
        sum = V::add_products(sum, x, y);
        norm = V::add_products(norm, y, y);
    }
};

template <typename V, Element kElement, typename Sums>
VEXFS_INLINE void add_ints(const std::byte* a, const std::byte* b, uint32_t dim, Sums& sums) {
    uint32_t left = dim;
    for (; left >= V::kWords; left -= V::kWords, a += V::kWords, b += V::kWords) {
        sums.step(V::template load_words<kElement>(a), V::template load_words<kElement>(b));
    }
    if (left > 0) {
        sums.step(V::template load_words_part<kElement>(a, left),
                  V::template load_words_part<kElement>(b, left));
    }
}

// The number modulo 2^32 as the sum it stands for: products of i8 may be negative.
template <Element kElement>
VEXFS_INLINE double exact(uint32_t sum) {
    return kElement == Element::kI8 ? static_cast<double>(static_cast<int32_t>(sum))
                                    : static_cast<double>(sum);
}

VEXFS_INLINE float cosine_distance(double product, double norm_a, double norm_b) {
    const double distance = 1 - product / (__builtin_sqrt(norm_a) * __builtin_sqrt(norm_b));
    return static_cast<float>(distance < 0 ? 0 : distance > 2 ? 2 : distance);
}

// The square of a float norm is good if nothing overflowed and what underflowed does not matter.
VEXFS_INLINE bool is_good_norm(double norm) {
    return norm > 1e-30 && norm < 1e36;
}

// A metric bound to one query. `of` gives the distance to one row.
template <typename V, Element kElement>
struct L2 {
    L2(const std::byte*, uint32_t) {}

    [[gnu::always_inline]] inline float of(const std::byte* query, const std::byte* row,
                                           uint32_t dim) const {
        if constexpr (is_float(kElement)) {
            FloatL2<V> sums;
            add_floats<V, kElement>(query, row, dim, sums);
            return V::sum(sums.sums);
        } else {
            IntL2<V> sums;
            add_ints<V, kElement>(query, row, dim, sums);
            return static_cast<float>(V::sum_ints(sums.sum));
        }
    }
};

template <typename V, Element kElement>
struct Dot {
    Dot(const std::byte*, uint32_t) {}

    [[gnu::always_inline]] inline float of(const std::byte* query, const std::byte* row,
                                           uint32_t dim) const {
        if constexpr (is_float(kElement)) {
            FloatDot<V> sums;
            add_floats<V, kElement>(query, row, dim, sums);
            const float product = V::sum(sums.sums);
            if (!__builtin_isfinite(product)) [[unlikely]]
                return wide_dot_distance(kElement, query, row, dim);
            return 0 - product;
        } else {
            IntDot<V> sums;
            add_ints<V, kElement>(query, row, dim, sums);
            return static_cast<float>(0 - exact<kElement>(V::sum_ints(sums.sum)));
        }
    }
};

template <typename V, Element kElement>
struct Cosine {
    double norm; // of the query, squared

    Cosine(const std::byte* query, uint32_t dim) {
        if constexpr (is_float(kElement)) {
            FloatDot<V> sums;
            add_floats<V, kElement>(query, query, dim, sums);
            norm = V::sum(sums.sums);
        } else {
            IntDot<V> sums;
            add_ints<V, kElement>(query, query, dim, sums);
            norm = V::sum_ints(sums.sum);
        }
    }

    [[gnu::always_inline]] inline float of(const std::byte* query, const std::byte* row,
                                           uint32_t dim) const {
        if constexpr (is_float(kElement)) {
            FloatCosine<V> sums;
            add_floats<V, kElement>(query, row, dim, sums);
            const double row_norm = V::sum(sums.norms);
            if (!is_good_norm(norm) || !is_good_norm(row_norm)) [[unlikely]]
                return wide_cosine_distance(kElement, query, row, dim);
            return cosine_distance(V::sum(sums.sums), norm, row_norm);
        } else {
            IntCosine<V> sums;
            add_ints<V, kElement>(query, row, dim, sums);
            const double row_norm = V::sum_ints(sums.norm);
            if (norm == 0 || row_norm == 0)
                return 1;
            return cosine_distance(exact<kElement>(V::sum_ints(sums.sum)), norm, row_norm);
        }
    }
};

// Calls step(x, y) with the registers of two bit vectors; missing bytes are 0.
template <typename V, typename Step>
VEXFS_INLINE void each_bits(const std::byte* a, const std::byte* b, uint32_t dim, Step step) {
    uint32_t left = (dim + 7) / 8;
    for (; left >= V::kBytes; left -= V::kBytes, a += V::kBytes, b += V::kBytes)
        step(V::load_bytes(a), V::load_bytes(b));
    if (left > 0)
        step(V::load_bytes_part(a, left), V::load_bytes_part(b, left));
}

template <typename V, Element>
struct Hamming {
    Hamming(const std::byte*, uint32_t) {}

    [[gnu::always_inline]] inline float of(const std::byte* query, const std::byte* row,
                                           uint32_t dim) const {
        auto differing = V::zero_ints();
        each_bits<V>(
            query, row, dim, [&](auto x, auto y) __attribute__((always_inline)) {
                differing = V::add_bits(differing, V::bit_xor(x, y));
            });
        return static_cast<float>(V::sum_bits(differing));
    }
};

template <typename V, Element>
struct Jaccard {
    Jaccard(const std::byte*, uint32_t) {}

    [[gnu::always_inline]] inline float of(const std::byte* query, const std::byte* row,
                                           uint32_t dim) const {
        auto differing = V::zero_ints();
        auto either = V::zero_ints();
        each_bits<V>(
            query, row, dim, [&](auto x, auto y) __attribute__((always_inline)) {
                differing = V::add_bits(differing, V::bit_xor(x, y));
                either = V::add_bits(either, V::bit_or(x, y));
            });
        const uint32_t in_either = V::sum_bits(either);
        return in_either == 0
                   ? 0
                   : static_cast<float>(V::sum_bits(differing)) / static_cast<float>(in_either);
    }
};

template <typename Metric_>
void strided(const std::byte* query, const std::byte* rows, size_t stride_bytes, size_t count,
             uint32_t dim, float* distances) {
    const Metric_ metric(query, dim);
    for (size_t i = 0; i < count; ++i)
        distances[i] = metric.of(query, rows + i * stride_bytes, dim);
}

// Rows far apart arrive from memory one miss at a time unless they are asked for early: keep 8 KiB
// under way, of a long row its beginning: the processor fetches the rest by itself.
template <typename Metric_, Element kElement>
void gathered(const std::byte* query, const std::byte* const* rows, size_t count, uint32_t dim,
              float* distances) {
    constexpr size_t kLine = 64, kUnderWay = 8192, kBeginning = 2048;
    const size_t row_bytes = kElement == Element::kBit ? (dim + 7) / 8 : dim * size_of(kElement);
    const size_t fetched = row_bytes < kBeginning ? row_bytes : kBeginning;
    const size_t ahead = 1 + kUnderWay / (fetched + kLine);
    const auto fetch = [&](size_t i) __attribute__((always_inline)) {
        for (size_t at = 0; at < fetched; at += kLine)
            __builtin_prefetch(rows[i] + at);
    };
    for (size_t i = 1; i < ahead && i < count; ++i)
        fetch(i);
    const Metric_ metric(query, dim);
    for (size_t i = 0; i < count; ++i) {
        if (i + ahead < count)
            fetch(i + ahead);
        distances[i] = metric.of(query, rows[i], dim);
    }
}

template <typename V, template <typename, Element> typename Metric_, Element kElement>
constexpr DistanceKernel kernel() {
    return {strided<Metric_<V, kElement>>, gathered<Metric_<V, kElement>, kElement>};
}

template <typename V>
constexpr DistanceTable make_table() {
    DistanceTable table{};
    const auto fill = [&]<Element kElement>() {
        DistanceKernel* row = table.kernels[static_cast<int>(kElement)];
        row[static_cast<int>(Metric::kL2)] = kernel<V, L2, kElement>();
        row[static_cast<int>(Metric::kCosine)] = kernel<V, Cosine, kElement>();
        row[static_cast<int>(Metric::kDot)] = kernel<V, Dot, kElement>();
    };
    fill.template operator()<Element::kF32>();
    fill.template operator()<Element::kF16>();
    fill.template operator()<Element::kBf16>();
    fill.template operator()<Element::kI8>();
    fill.template operator()<Element::kU8>();
    DistanceKernel* bits = table.kernels[static_cast<int>(Element::kBit)];
    bits[static_cast<int>(Metric::kHamming)] = kernel<V, Hamming, Element::kBit>();
    bits[static_cast<int>(Metric::kJaccard)] = kernel<V, Jaccard, Element::kBit>();
    return table;
}

} // namespace
} // namespace vexfs::index
