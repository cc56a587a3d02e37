// SPDX-License-Identifier: Apache-2.0
#include "userlib/tools/units/units.h"

#include <charconv>
#include <cmath>
#include <cstdio>

#include <sys/random.h>

namespace vexfs {

namespace {

constexpr std::string_view kLetters = "KMGTPE";
constexpr std::string_view kHexDigits = "0123456789abcdef";

int hex_value(char digit) {
    const char lower = digit >= 'A' && digit <= 'F' ? static_cast<char>(digit - 'A' + 'a') : digit;
    const size_t at = kHexDigits.find(lower);
    return at == std::string_view::npos ? -1 : static_cast<int>(at);
}

// A dash stands before these bytes of an id.
bool dash_before(size_t byte) {
    return byte == 4 || byte == 6 || byte == 8 || byte == 10;
}

} // namespace

Result<uint64_t> parse_size(std::string_view text) {
    const Error refusal = fail(Code::kEINVAL, "size: a number, then K, M, G, T, P or E");
    double number = 0;
    const auto [end, error] =
        std::from_chars(text.begin(), text.end(), number, std::chars_format::fixed);
    if (error != std::errc() || !std::isfinite(number) || number < 0)
        return refusal;
    std::string_view unit = text.substr(static_cast<size_t>(end - text.begin()));
    if (!unit.empty()) {
        const char letter = unit[0] >= 'a' ? static_cast<char>(unit[0] - 'a' + 'A') : unit[0];
        const size_t power = kLetters.find(letter);
        if (power == std::string_view::npos)
            return refusal;
        number = std::ldexp(number, static_cast<int>(power + 1) * 10);
        unit.remove_prefix(1);
    }
    if (!unit.empty() && unit != "B" && unit != "iB")
        return refusal;
    if (number >= 0x1p63 || number != std::floor(number))
        return fail(Code::kEINVAL, "size: too large, or no whole number of bytes");
    return static_cast<uint64_t>(number);
}

std::string size_text(uint64_t bytes) {
    if (bytes < 1024)
        return std::to_string(bytes) + " B";
    auto scaled = static_cast<double>(bytes) / 1024;
    size_t power = 0;
    for (; scaled >= 1024 && power + 1 < kLetters.size(); ++power)
        scaled /= 1024;
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%.4g %ciB", scaled, kLetters[power]);
    return text.data();
}

Result<VolumeId> parse_volume_id(std::string_view text) {
    const Error refusal = fail(Code::kEINVAL, "volume id: 32 hexadecimal digits as 8-4-4-4-12");
    VolumeId id{};
    if (text.size() != 36)
        return refusal;
    size_t at = 0;
    for (size_t byte = 0; byte < id.size(); ++byte) {
        if (dash_before(byte) && text[at++] != '-')
            return refusal;
        const int high = hex_value(text[at]);
        const int low = hex_value(text[at + 1]);
        if (high < 0 || low < 0)
            return refusal;
        id[byte] = static_cast<uint8_t>(high * 16 + low);
        at += 2;
    }
    return id;
}

std::string volume_id_text(const VolumeId& id) {
    std::string text;
    for (size_t byte = 0; byte < id.size(); ++byte) {
        if (dash_before(byte))
            text += '-';
        text += kHexDigits[id[byte] >> 4];
        text += kHexDigits[id[byte] & 15];
    }
    return text;
}

Result<VolumeId> random_volume_id() {
    VolumeId id{};
    if (::getrandom(id.data(), id.size(), 0) != static_cast<ssize_t>(id.size()))
        return fail(Code::kEIO, "volume id: the kernel gave no random bytes");
    id[6] = static_cast<uint8_t>((id[6] & 0x0f) | 0x40);
    id[8] = static_cast<uint8_t>((id[8] & 0x3f) | 0x80);
    return id;
}

} // namespace vexfs
