// SPDX-License-Identifier: Apache-2.0
#include "index/kernels/convert.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <doctest/doctest.h>
#include <vector>

#include "base/random.h"
#include "index/kernels/distance_oracle.h"

using namespace vexfs;
using namespace vexfs::index;

namespace {

struct Format {
    int exponent_bits, fraction_bits;
    float (*widen)(uint16_t);
    uint16_t (*narrow)(float);
};

constexpr Format kFormats[] = {{5, 10, f32_from_f16, f16_from_f32},
                               {8, 7, f32_from_bf16, bf16_from_f32}};

} // namespace

TEST_CASE("convert: all 65,536 half values widen exactly and come back unchanged") {
    for (const Format& format : kFormats) {
        uint32_t wrong = 0;
        for (uint32_t bits = 0; bits <= 0xffff; ++bits) {
            const auto half = static_cast<uint16_t>(bits);
            const double expected = oracle_number(bits, format.exponent_bits, format.fraction_bits);
            const float wide = format.widen(half);
            if (std::isnan(expected)) {
                wrong += !std::isnan(wide) || !std::isnan(format.widen(format.narrow(wide)));
                continue;
            }
            wrong += static_cast<double>(wide) != expected;
            wrong += std::signbit(wide) != std::signbit(expected);
            wrong += format.narrow(wide) != half;
        }
        CHECK(wrong == 0);
    }
}

TEST_CASE(
    "convert: between any two neighbouring half values the nearer one is taken, ties to even") {
    for (const Format& format : kFormats) {
        // The last step goes from the largest finite value to where the next one would be:
        // infinity.
        const uint32_t infinity = ((1U << format.exponent_bits) - 1) << format.fraction_bits;
        uint32_t wrong = 0;
        for (uint32_t low = 0; low < infinity; ++low) {
            const uint32_t high = low + 1;
            const double above =
                high == infinity ? std::ldexp(1, 1 << (format.exponent_bits - 1))
                                 : oracle_number(high, format.exponent_bits, format.fraction_bits);
            const auto middle = static_cast<float>(
                (oracle_number(low, format.exponent_bits, format.fraction_bits) + above) / 2);
            const uint32_t even = low % 2 == 0 ? low : high;
            wrong += format.narrow(middle) != even;
            wrong += format.narrow(std::nextafter(middle, 0.0F)) != low;
            wrong += format.narrow(std::nextafter(middle, INFINITY)) != high;
            wrong += format.narrow(-middle) != (even | 0x8000);
        }
        CHECK(wrong == 0);
        CHECK(format.narrow(INFINITY) == infinity);
        CHECK(format.narrow(-std::numeric_limits<float>::max()) == (infinity | 0x8000));
    }
}

TEST_CASE("convert: every element type turns into the float it stands for, at any alignment") {
    const uint64_t seed = 21;
    INFO("seed ", seed);
    Random random(seed);
    for (uint8_t number = 1; is_element(number); ++number) {
        const auto element = static_cast<Element>(number);
        for (uint32_t dim = 1; dim < 70; ++dim) {
            std::vector<std::byte> bytes(bytes_of(element, dim) + 1);
            std::vector<float> values(dim), back(dim);
            for (float& value : values)
                value = element == Element::kBit ? static_cast<float>(random.below(2))
                                                 : static_cast<float>(random.below(128));
            from_f32(values.data(), dim, element, bytes.data() + 1);
            const VectorView view{element, dim, bytes.data() + 1};
            to_f32(view, back.data());
            CHECK(back == values);
            for (uint32_t i = 0; i < dim; ++i)
                CHECK(oracle_element(view, i) == static_cast<double>(values[i]));
        }
    }
}

TEST_CASE("convert: bytes saturate, round to even and take a NaN as 0") {
    const float values[] = {-1000, -128.5F, -0.5F, 0.5F, 1.5F, 127.4F, 254.5F, 1000, NAN};
    std::byte signed_bytes[9], unsigned_bytes[9];
    from_f32(values, 9, Element::kI8, signed_bytes);
    from_f32(values, 9, Element::kU8, unsigned_bytes);
    const int expected_signed[] = {-128, -128, 0, 0, 2, 127, 127, 127, 0};
    const int expected_unsigned[] = {0, 0, 0, 0, 2, 127, 254, 255, 0};
    for (int i = 0; i < 9; ++i) {
        CHECK(static_cast<int8_t>(signed_bytes[i]) == expected_signed[i]);
        CHECK(static_cast<int>(unsigned_bytes[i]) == expected_unsigned[i]);
    }
}

TEST_CASE("convert: the first NaN or Inf is found wherever it stands") {
    for (Element element : {Element::kF32, Element::kF16, Element::kBf16}) {
        for (float bad : {static_cast<float>(NAN), -INFINITY, INFINITY}) {
            for (uint32_t at = 0; at < 20; ++at) {
                std::vector<float> values(20, 65504.0F);
                values[at] = bad;
                values.back() = bad;
                std::vector<std::byte> bytes(bytes_of(element, 20));
                from_f32(values.data(), 20, element, bytes.data());
                CHECK(first_invalid({element, 20, bytes.data()}) == at);
            }
        }
        const std::vector<std::byte> zeros(bytes_of(element, 20));
        CHECK_FALSE(first_invalid({element, 20, zeros.data()}).has_value());
    }
    const std::vector<std::byte> ones(20, std::byte{0xff});
    CHECK_FALSE(first_invalid({Element::kI8, 20, ones.data()}).has_value());
    CHECK_FALSE(first_invalid({Element::kU8, 20, ones.data()}).has_value());
}

TEST_CASE("convert: a spare bit that is set makes a bit vector invalid") {
    for (uint32_t dim = 1; dim <= 24; ++dim) {
        std::vector<std::byte> bytes(bytes_of(Element::kBit, dim));
        const std::vector<float> ones(dim, 1.0F);
        from_f32(ones.data(), dim, Element::kBit, bytes.data());
        CHECK_FALSE(first_invalid({Element::kBit, dim, bytes.data()}).has_value());
        if (dim % 8 != 0) {
            bytes.back() |= std::byte{0x80};
            CHECK(first_invalid({Element::kBit, dim, bytes.data()}) == (dim + 7) / 8 * 8 - 1);
        }
    }
}
