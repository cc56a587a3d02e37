// SPDX-License-Identifier: Apache-2.0
#include "index/kernels/convert.h"

#include <bit>
#include <cmath>
#include <cstring>

#include "base/bytes.h"

namespace vexfs::index {
namespace {

float f32_at(const std::byte* data, size_t i) {
    return std::bit_cast<float>(load_le<uint32_t>(data + 4 * i));
}

uint16_t half_at(const std::byte* data, size_t i) {
    return load_le<uint16_t>(data + 2 * i);
}

template <typename T>
T saturated(float value, float low, float high) {
    if (!(value > low))
        return static_cast<T>(std::isnan(value) ? 0.0F : low);
    return static_cast<T>(std::nearbyint(value < high ? value : high));
}

// True if all exponent bits are set: NaN or Inf.
bool is_special(Element element, const std::byte* data, uint32_t i) {
    constexpr uint32_t kF32Exponent = 0x7f800000;
    constexpr uint16_t kF16Exponent = 0x7c00;
    constexpr uint16_t kBf16Exponent = 0x7f80;
    switch (element) {
    case Element::kF32:
        return (load_le<uint32_t>(data + size_t{4} * i) & kF32Exponent) == kF32Exponent;
    case Element::kF16:
        return (half_at(data, i) & kF16Exponent) == kF16Exponent;
    case Element::kBf16:
        return (half_at(data, i) & kBf16Exponent) == kBf16Exponent;
    default:
        return false;
    }
}

// Whether kFiniteStep f32 are all finite; without a branch for each, so that the compiler takes
// them a register at a time. Every search asks this of its query.
constexpr uint32_t kFiniteStep = 32;

bool all_finite(const std::byte* data) {
    constexpr uint32_t kAboveExponent = 0x00800000; // carries into the sign where all are ones
    uint32_t carries = 0;
    for (uint32_t i = 0; i < kFiniteStep; ++i)
        carries |= (load_le<uint32_t>(data + size_t{4} * i) & 0x7f800000) + kAboveExponent;
    return carries >> 31 == 0;
}

} // namespace

float f32_from_f16(uint16_t half) {
    const uint32_t sign = static_cast<uint32_t>(half & 0x8000) << 16;
    const uint32_t exponent = (half >> 10) & 0x1f;
    const uint32_t fraction = half & 0x3ff;
    if (exponent == 0) {
        const float magnitude = static_cast<float>(fraction) * 0x1p-24F;
        return sign != 0 ? -magnitude : magnitude;
    }
    constexpr uint32_t kRebias = 127 - 15;
    const uint32_t wide_exponent = exponent == 0x1f ? 0xff : exponent + kRebias;
    return std::bit_cast<float>(sign | wide_exponent << 23 | fraction << 13);
}

float f32_from_bf16(uint16_t half) {
    return std::bit_cast<float>(static_cast<uint32_t>(half) << 16);
}

uint16_t f16_from_f32(float value) {
    const uint32_t bits = std::bit_cast<uint32_t>(value);
    const auto sign = static_cast<uint16_t>(bits >> 16 & 0x8000);
    const uint32_t magnitude = bits & 0x7fffffff;
    if (magnitude > 0x7f800000)
        return static_cast<uint16_t>(sign | 0x7e00);
    // From here on (65520) a value is nearer to 2^16, which the format lacks, than to its largest
    // number.
    if (magnitude >= 0x477ff000)
        return static_cast<uint16_t>(sign | 0x7c00);
    if (magnitude < 0x38800000) {
        // Subnormal result: adding 0.5 puts its last bit, 2^-24, at the last bit of the sum, so the
        // addition rounds.
        const float sum = std::bit_cast<float>(magnitude) + 0.5F;
        return static_cast<uint16_t>(sign | (std::bit_cast<uint32_t>(sum) - 0x3f000000));
    }
    const uint32_t odd = magnitude >> 13 & 1;
    const uint32_t rounded = magnitude - ((127 - 15) << 23) + 0xfff + odd;
    return static_cast<uint16_t>(sign | rounded >> 13);
}

uint16_t bf16_from_f32(float value) {
    const uint32_t bits = std::bit_cast<uint32_t>(value);
    if ((bits & 0x7fffffff) > 0x7f800000)
        return static_cast<uint16_t>(bits >> 16 | 0x40);
    return static_cast<uint16_t>((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

void to_f32(VectorView vector, float* out) {
    const std::byte* data = vector.data;
    switch (vector.element) {
    case Element::kF32:
        for (uint32_t i = 0; i < vector.dim; ++i)
            out[i] = f32_at(data, i);
        break;
    case Element::kF16:
        for (uint32_t i = 0; i < vector.dim; ++i)
            out[i] = f32_from_f16(half_at(data, i));
        break;
    case Element::kBf16:
        for (uint32_t i = 0; i < vector.dim; ++i)
            out[i] = f32_from_bf16(half_at(data, i));
        break;
    case Element::kI8:
        for (uint32_t i = 0; i < vector.dim; ++i)
            out[i] = static_cast<float>(static_cast<int8_t>(data[i]));
        break;
    case Element::kU8:
        for (uint32_t i = 0; i < vector.dim; ++i)
            out[i] = static_cast<float>(static_cast<uint8_t>(data[i]));
        break;
    case Element::kBit:
        for (uint32_t i = 0; i < vector.dim; ++i)
            out[i] = static_cast<float>(static_cast<uint32_t>(data[i / 8]) >> (i % 8) & 1);
        break;
    }
}

void from_f32(const float* values, uint32_t dim, Element element, std::byte* out) {
    if (element == Element::kBit)
        std::memset(out, 0, bytes_of(element, dim));
    for (uint32_t i = 0; i < dim; ++i) {
        const float value = values[i];
        switch (element) {
        case Element::kF32:
            store_le<uint32_t>(out + size_t{4} * i, std::bit_cast<uint32_t>(value));
            break;
        case Element::kF16:
            store_le<uint16_t>(out + size_t{2} * i, f16_from_f32(value));
            break;
        case Element::kBf16:
            store_le<uint16_t>(out + size_t{2} * i, bf16_from_f32(value));
            break;
        case Element::kI8:
            out[i] = static_cast<std::byte>(saturated<int8_t>(value, -128.0F, 127.0F));
            break;
        case Element::kU8:
            out[i] = static_cast<std::byte>(saturated<uint8_t>(value, 0.0F, 255.0F));
            break;
        case Element::kBit:
            if (value > 0)
                out[i / 8] |= static_cast<std::byte>(1U << (i % 8));
            break;
        }
    }
}

std::optional<uint32_t> first_invalid(VectorView vector) {
    if (vector.element == Element::kBit) {
        const uint32_t used = vector.dim % 8;
        const auto last = static_cast<uint32_t>(vector.data[(vector.dim - 1) / 8]);
        const uint32_t spare = used == 0 ? 0 : last >> used;
        if (spare == 0)
            return std::nullopt;
        return vector.dim + static_cast<uint32_t>(std::countr_zero(spare));
    }
    uint32_t i = 0;
    if (vector.element == Element::kF32) {
        while (i + kFiniteStep <= vector.dim && all_finite(vector.data + size_t{4} * i))
            i += kFiniteStep;
    }
    for (; i < vector.dim; ++i) {
        if (is_special(vector.element, vector.data, i))
            return i;
    }
    return std::nullopt;
}

} // namespace vexfs::index
