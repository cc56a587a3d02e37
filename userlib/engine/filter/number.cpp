// SPDX-License-Identifier: Apache-2.0
#include "userlib/engine/filter/number.h"

#include <algorithm>
#include <charconv>

namespace vexfs {

namespace {

constexpr uint32_t kNanosecondsOfSecond = 1'000'000'000;
constexpr size_t kFractionDigitsMax = 9;

// Digits only: from_chars() of an unsigned type takes neither sign nor space.
std::optional<uint64_t> digits(std::string_view text) {
    uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.begin(), text.end(), value);
    if (error != std::errc() || end != text.end())
        return {};
    return value;
}

struct Unit {
    char letter;
    uint64_t factor;
};

std::optional<uint64_t> times_unit(std::string_view text, std::span<const Unit> units) {
    const auto unit = std::ranges::find(units, text.empty() ? '\0' : text.back(), &Unit::letter);
    if (unit == units.end())
        return {};
    const std::optional<uint64_t> count = digits(text.substr(0, text.size() - 1));
    uint64_t product = 0;
    if (!count || !checked_mul(*count, unit->factor, product))
        return {};
    return product;
}

// The digits behind a point, as nanoseconds.
std::optional<uint32_t> fraction(std::string_view text) {
    if (text.size() > kFractionDigitsMax)
        return {};
    std::optional<uint64_t> value = digits(text);
    for (size_t i = text.size(); value && i < kFractionDigitsMax; ++i)
        *value *= 10;
    return value;
}

} // namespace

std::optional<uint64_t> parse_integer(std::string_view text) {
    return digits(text);
}

std::optional<uint64_t> parse_bytes(std::string_view text) {
    constexpr std::array<Unit, 4> kUnits{{{'K', uint64_t{1} << 10},
                                          {'M', uint64_t{1} << 20},
                                          {'G', uint64_t{1} << 30},
                                          {'T', uint64_t{1} << 40}}};
    const std::optional<uint64_t> bytes = times_unit(text, kUnits);
    return bytes ? bytes : digits(text);
}

std::optional<Timestamp> parse_time(std::string_view text) {
    const bool before = text.starts_with('-');
    text.remove_prefix(before ? 1 : 0);
    const size_t point = std::min(text.find('.'), text.size());
    const std::optional<uint64_t> seconds = digits(text.substr(0, point));
    const std::optional<uint32_t> rest =
        point == text.size() ? uint32_t{0} : fraction(text.substr(point + 1));
    if (!seconds || *seconds >= INT64_MAX || !rest)
        return {};
    const auto whole = static_cast<int64_t>(*seconds);
    if (!before)
        return Timestamp{whole, *rest};
    if (*rest == 0)
        return Timestamp{-whole, 0};
    return Timestamp{-whole - 1, kNanosecondsOfSecond - *rest};
}

std::optional<int64_t> parse_span(std::string_view text) {
    constexpr std::array<Unit, 5> kUnits{
        {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86'400}, {'w', 604'800}}};
    const std::optional<uint64_t> seconds = times_unit(text, kUnits);
    if (!seconds || *seconds > INT64_MAX)
        return {};
    return static_cast<int64_t>(*seconds);
}

std::optional<double> parse_decimal(std::string_view text) {
    // from_chars() takes no "+", but "inf" and "nan".
    const size_t sign = text.starts_with('+') || text.starts_with('-') ? 1 : 0;
    if (text.size() == sign ||
        std::string_view("0123456789.").find(text[sign]) == std::string_view::npos)
        return {};
    text.remove_prefix(text.front() == '+' ? 1 : 0);
    double value = 0;
    const auto [end, error] = std::from_chars(text.begin(), text.end(), value);
    if (error != std::errc() || end != text.end())
        return {};
    return value;
}

} // namespace vexfs
