// SPDX-License-Identifier: Apache-2.0
//
// Numbers as text: those that a filter is written with, and those that it finds in attributes.
//
// Each function takes the whole text or nothing, and says nothing of one that does not fit.
//
// Threads: pure functions.
#pragma once

#include <optional>
#include <string_view>

#include "userlib/names/inode.h"

namespace vexfs {

// Decimal digits.
std::optional<uint64_t> parse_integer(std::string_view text);
// Digits, and perhaps K, M, G or T for powers of 1024.
std::optional<uint64_t> parse_bytes(std::string_view text);
// Seconds since 1970, before it with "-"; up to nine digits may follow a point.
std::optional<Timestamp> parse_time(std::string_view text);
// Digits and s, m, h, d or w; in seconds, at most INT64_MAX.
std::optional<int64_t> parse_span(std::string_view text);
// A sign, digits with a point among them, an exponent: the nearest binary64. Nothing if it is
// beyond the range of those.
std::optional<double> parse_decimal(std::string_view text);

} // namespace vexfs
