// SPDX-License-Identifier: Apache-2.0
//
// The plain definition of every metric, and how far a kernel may be from it. Included by tests and
// fuzzers only.
//
// Written apart from the kernels on purpose: element by element, in long double, from the
// definition of each format.
//
// Threads: pure functions.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>

#include "index/kernels/metric.h"

namespace vexfs::index {

// An IEEE-like number with the given field widths, from its definition.
inline double oracle_number(uint32_t bits, int exponent_bits, int fraction_bits) {
    const uint32_t fraction = bits & ((1U << fraction_bits) - 1);
    const int exponent = static_cast<int>(bits >> fraction_bits & ((1U << exponent_bits) - 1));
    const int bias = (1 << (exponent_bits - 1)) - 1;
    const double sign = (bits >> (exponent_bits + fraction_bits) & 1) != 0 ? -1 : 1;
    if (exponent == (1 << exponent_bits) - 1)
        return fraction != 0 ? std::nan("") : sign * std::numeric_limits<double>::infinity();
    if (exponent == 0)
        return sign * std::ldexp(fraction, 1 - bias - fraction_bits);
    return sign * std::ldexp(fraction + (1U << fraction_bits), exponent - bias - fraction_bits);
}

inline double oracle_element(VectorView vector, uint32_t i) {
    const auto byte = [&](size_t at) {
        return static_cast<uint32_t>(vector.data[at]);
    };
    const auto half = [&] {
        return byte(size_t{2} * i) | byte(size_t{2} * i + 1) << 8;
    };
    switch (vector.element) {
    case Element::kF32:
        return oracle_number(byte(size_t{4} * i) | byte(size_t{4} * i + 1) << 8 |
                                 byte(size_t{4} * i + 2) << 16 | byte(size_t{4} * i + 3) << 24,
                             8, 23);
    case Element::kF16:
        return oracle_number(half(), 5, 10);
    case Element::kBf16:
        return oracle_number(half(), 8, 7);
    case Element::kI8:
        return static_cast<int>(byte(i)) - (byte(i) >= 128 ? 256 : 0);
    case Element::kU8:
        return byte(i);
    case Element::kBit:
        return byte(i / 8) >> (i % 8) & 1;
    }
    return 0;
}

struct OracleDistance {
    double value;
    double error; // how far a kernel may be off
};

namespace oracle {

struct Sums {
    long double l2 = 0, product = 0, magnitude = 0, norm_a = 0, norm_b = 0;
    uint32_t differing = 0, either = 0;
};

inline Sums sums_of(VectorView a, VectorView b) {
    Sums sums;
    for (uint32_t i = 0; i < a.dim; ++i) {
        const long double x = oracle_element(a, i), y = oracle_element(b, i);
        sums.l2 += (x - y) * (x - y);
        sums.product += x * y;
        sums.magnitude += std::fabs(x * y);
        sums.norm_a += x * x;
        sums.norm_b += y * y;
        sums.differing += x != y;
        sums.either += x != 0 || y != 0;
    }
    return sums;
}

} // namespace oracle

// The error that distance.h promises, plus the last rounding to float.
inline OracleDistance oracle_distance(VectorView a, VectorView b, Metric metric) {
    const oracle::Sums sums = oracle::sums_of(a, b);
    const bool exact = a.element == Element::kI8 || a.element == Element::kU8;
    const double steps = exact ? 1 : a.dim / 8.0 + 16;
    const double underflow = exact ? 0 : a.dim * 0x1p-126;
    const auto bounded = [&](long double value, long double magnitude) {
        return OracleDistance{static_cast<double>(value),
                              steps * 0x1p-24 * static_cast<double>(magnitude) + underflow};
    };
    switch (metric) {
    case Metric::kL2:
        return bounded(sums.l2, sums.l2);
    case Metric::kDot:
        return bounded(-sums.product, sums.magnitude);
    case Metric::kCosine:
        if (sums.norm_a == 0 || sums.norm_b == 0)
            return {1, 0};
        return {static_cast<double>(1 - sums.product /
                                            (std::sqrt(sums.norm_a) * std::sqrt(sums.norm_b))),
                steps * 0x1p-23};
    case Metric::kHamming:
        return {static_cast<double>(sums.differing), 0};
    case Metric::kJaccard:
        return {sums.either == 0 ? 0.0 : static_cast<double>(sums.differing) / sums.either,
                0x1p-24};
    }
    return {0, 0};
}

// True if a kernel's answer is within the bound. Beyond the range of float an infinity is right,
// and just below it, too.
inline bool is_within(float distance, OracleDistance oracle) {
    if (std::isnan(distance))
        return false;
    if (std::isinf(distance)) {
        const double reach = std::fabs(oracle.value) + oracle.error;
        return std::signbit(distance) == std::signbit(oracle.value) &&
               reach >= std::numeric_limits<float>::max();
    }
    return std::fabs(distance - oracle.value) <= oracle.error;
}

} // namespace vexfs::index
