// SPDX-License-Identifier: Apache-2.0
#include "userlib/tools/vectors/elements.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <limits>

namespace vexfs {

namespace {

double half_value(uint16_t bits) {
    const int exponent = bits >> 10 & 31;
    const int mantissa = bits & 1023;
    const double size = exponent == 31  ? (mantissa == 0 ? INFINITY : NAN)
                        : exponent == 0 ? std::ldexp(mantissa, -24)
                                        : std::ldexp(mantissa + 1024, exponent - 25);
    return (bits & 0x8000) != 0 ? -size : size;
}

// The nearest binary16, ties to even; false: it is infinite.
bool half_bits(double value, uint16_t& bits) {
    const double size = std::abs(value);
    const int exponent = size == 0 ? -14 : std::max(std::ilogb(size), -14);
    // A mantissa that is rounded up to 2048 becomes the next exponent by itself.
    const double mantissa = std::nearbyint(std::ldexp(size, 10 - exponent));
    if (exponent > 15)
        return false;
    const auto magnitude = static_cast<uint32_t>(((exponent + 14) << 10) + int(mantissa));
    bits = static_cast<uint16_t>(magnitude | (std::signbit(value) ? 0x8000 : 0));
    return magnitude < 0x7c00;
}

bool bfloat_bits(double value, uint16_t& bits) {
    const auto whole = std::bit_cast<uint32_t>(static_cast<float>(value));
    bits = static_cast<uint16_t>((whole + 0x7fff + (whole >> 16 & 1)) >> 16);
    return (bits & 0x7f80) != 0x7f80;
}

template <typename Integer>
bool store_integer(double value, std::byte* place) {
    if (value != std::trunc(value) || value < std::numeric_limits<Integer>::min() ||
        value > std::numeric_limits<Integer>::max())
        return false;
    using Bits = std::make_unsigned_t<Integer>;
    store_le<Bits>(place, static_cast<Bits>(static_cast<Integer>(value)));
    return true;
}

} // namespace

size_t vector_size(uint16_t element, uint32_t dim) {
    if (element == kElementI32)
        return size_t{dim} * 4;
    return element == kElementF64 ? size_t{dim} * 8 : vexfs_vector_bytes(element, dim);
}

const char* element_name(uint16_t element) {
    switch (element) {
    case VEXFS_ELEMENT_F32:
        return "f32";
    case VEXFS_ELEMENT_F16:
        return "f16";
    case VEXFS_ELEMENT_BF16:
        return "bf16";
    case VEXFS_ELEMENT_I8:
        return "i8";
    case VEXFS_ELEMENT_U8:
        return "u8";
    case VEXFS_ELEMENT_BIT:
        return "bit";
    case kElementI32:
        return "i32";
    case kElementF64:
        return "f64";
    default:
        return "?";
    }
}

double element_at(uint16_t element, const std::byte* vector, uint32_t i) {
    switch (element) {
    case VEXFS_ELEMENT_F32:
        return std::bit_cast<float>(load_le<uint32_t>(vector + size_t{4} * i));
    case VEXFS_ELEMENT_F16:
        return half_value(load_le<uint16_t>(vector + size_t{2} * i));
    case VEXFS_ELEMENT_BF16:
        return std::bit_cast<float>(uint32_t{load_le<uint16_t>(vector + size_t{2} * i)} << 16);
    case VEXFS_ELEMENT_I8:
        return static_cast<int8_t>(vector[i]);
    case VEXFS_ELEMENT_U8:
        return static_cast<uint8_t>(vector[i]);
    case VEXFS_ELEMENT_BIT:
        return static_cast<uint8_t>(vector[i / 8]) >> i % 8 & 1;
    case kElementI32:
        return static_cast<int32_t>(load_le<uint32_t>(vector + size_t{4} * i));
    case kElementF64:
        return std::bit_cast<double>(load_le<uint64_t>(vector + size_t{8} * i));
    default:
        return NAN;
    }
}

bool store_element(uint16_t element, double value, std::byte* vector, uint32_t i) {
    if (!std::isfinite(value))
        return false;
    uint16_t bits = 0;
    switch (element) {
    case VEXFS_ELEMENT_F32:
        store_le<uint32_t>(vector + size_t{4} * i,
                           std::bit_cast<uint32_t>(static_cast<float>(value)));
        return std::isfinite(static_cast<float>(value));
    case VEXFS_ELEMENT_F16:
    case VEXFS_ELEMENT_BF16:
        if (!(element == VEXFS_ELEMENT_F16 ? half_bits(value, bits) : bfloat_bits(value, bits)))
            return false;
        store_le<uint16_t>(vector + size_t{2} * i, bits);
        return true;
    case VEXFS_ELEMENT_I8:
        return store_integer<int8_t>(value, vector + i);
    case VEXFS_ELEMENT_U8:
        return store_integer<uint8_t>(value, vector + i);
    case VEXFS_ELEMENT_BIT:
        if (value == 1)
            vector[i / 8] |= std::byte(1 << i % 8);
        return value == 0 || value == 1;
    case kElementI32:
        return store_integer<int32_t>(value, vector + size_t{4} * i);
    case kElementF64:
        store_le<uint64_t>(vector + size_t{8} * i, std::bit_cast<uint64_t>(value));
        return true;
    default:
        return false;
    }
}

bool convert_vector(uint16_t from, Bytes vector, uint32_t dim, uint16_t to,
                    std::vector<std::byte>& out, std::string& sentence) {
    out.assign(vector_size(to, dim), std::byte{0});
    for (uint32_t i = 0; i < dim; ++i) {
        const double value = element_at(from, vector.data(), i);
        if (store_element(to, value, out.data(), i))
            continue;
        sentence = (std::isfinite(value)
                        ? number_text(value) + " is no value of type " + element_name(to) + ","
                    : std::isnan(value) ? std::string("NaN")
                                        : std::string("infinity")) +
                   " in dimension " + std::to_string(i);
        return false;
    }
    return true;
}

bool parse_vector(std::string_view text, std::vector<double>& values, std::string& sentence) {
    constexpr std::string_view kBetween = " \t\r\n,";
    values.clear();
    const auto skip = [&] {
        text.remove_prefix(std::min(text.find_first_not_of(kBetween), text.size()));
    };
    skip();
    const bool bracket = text.starts_with('[');
    if (bracket)
        text.remove_prefix(1);
    for (skip(); !text.empty() && text[0] != ']'; skip()) {
        double value = 0;
        if (text[0] == '+')
            text.remove_prefix(1);
        const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
        const auto length = static_cast<size_t>(stop - text.data());
        if (error != std::errc{} ||
            (length < text.size() && kBetween.find(text[length]) == std::string_view::npos &&
             text[length] != ']')) {
            sentence = "'" + std::string(text.substr(0, text.find_first_of(kBetween))) +
                       "' is no number, in dimension " + std::to_string(values.size());
            return false;
        }
        if (values.size() == VEXFS_MAX_DIM) {
            sentence = "there are more than " + std::to_string(VEXFS_MAX_DIM) + " numbers";
            return false;
        }
        values.push_back(value);
        text.remove_prefix(length);
    }
    if (bracket != text.starts_with(']')) {
        sentence = "a bracket has no partner";
        return false;
    }
    if (bracket)
        text.remove_prefix(1);
    skip();
    if (!text.empty())
        sentence = "something follows the closing bracket";
    else if (values.empty())
        sentence = "there is no number";
    return text.empty() && !values.empty();
}

std::string number_text(double value) {
    char text[32];
    return {text, std::to_chars(text, text + sizeof text, value).ptr};
}

std::string number_text(float value) {
    char text[32];
    return {text, std::to_chars(text, text + sizeof text, value).ptr};
}

std::string vector_text(uint16_t element, const std::byte* vector, uint32_t dim) {
    std::string text;
    for (uint32_t i = 0; i < dim; ++i) {
        const double value = element_at(element, vector, i);
        text += i == 0 ? "" : ",";
        text += element == VEXFS_ELEMENT_F32 ? number_text(static_cast<float>(value))
                                             : number_text(value);
    }
    return text;
}

} // namespace vexfs
