// SPDX-License-Identifier: Apache-2.0
//
// Parses and writes .npy headers; the dictionary is read as exactly the three keys that NumPy
// writes.
//
// Threads: pure.
#include "bench/data/npy.h"

#include <charconv>
#include <string>
#include <string_view>

namespace vexfs {
namespace {

using index::Element;

constexpr std::string_view kMagic = "\x93NUMPY";

void skip_spaces(std::string_view& text) {
    const size_t start = text.find_first_not_of(" \n");
    text.remove_prefix(start == std::string_view::npos ? text.size() : start);
}

bool take(std::string_view& text, std::string_view word) {
    skip_spaces(text);
    if (!text.starts_with(word))
        return false;
    text.remove_prefix(word.size());
    return true;
}

// What follows 'key': in the dictionary.
Result<std::string_view> value_of(std::string_view dictionary, std::string_view key) {
    const size_t place = dictionary.find(key);
    if (place == std::string_view::npos)
        return fail(Code::kEBADMSG, "npy: the header lacks descr, fortran_order or shape");
    std::string_view rest = dictionary.substr(place + key.size());
    if (!take(rest, ":"))
        return fail(Code::kEBADMSG, "npy: a key of the header has no value");
    skip_spaces(rest);
    return rest;
}

Result<uint64_t> take_number(std::string_view& text) {
    skip_spaces(text);
    uint64_t number = 0;
    const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{})
        return fail(Code::kEBADMSG, "npy: the shape is not two whole numbers");
    text.remove_prefix(static_cast<size_t>(stop - text.data()));
    return number;
}

Status parse_dictionary(std::string_view text, NpyHeader& header) {
    std::string_view descr = VEXFS_TRY(value_of(text, "'descr'"));
    if (take(descr, "'<f4'"))
        header.element = Element::kF32;
    else if (take(descr, "'|u1'"))
        header.element = Element::kU8;
    else if (take(descr, "'|i1'"))
        header.element = Element::kI8;
    else
        return fail(Code::kEOPNOTSUPP, "npy: descr is none of '<f4', '|u1', '|i1'");
    std::string_view order = VEXFS_TRY(value_of(text, "'fortran_order'"));
    if (!take(order, "False"))
        return fail(Code::kEOPNOTSUPP, "npy: the array is not in C order");
    std::string_view shape = VEXFS_TRY(value_of(text, "'shape'"));
    if (!take(shape, "("))
        return fail(Code::kEBADMSG, "npy: the shape is no tuple");
    header.rows = VEXFS_TRY(take_number(shape));
    if (!take(shape, ","))
        return fail(Code::kEBADMSG, "npy: the shape is not two whole numbers");
    const uint64_t dim = VEXFS_TRY(take_number(shape));
    if (!take(shape, ")"))
        return fail(Code::kEOPNOTSUPP, "npy: the array has not two axes");
    if (dim == 0 || dim > index::kMaxDim)
        return fail(Code::kEBADMSG, "npy: dimension is not in 1..65,535");
    header.dim = static_cast<uint32_t>(dim);
    return ok();
}

} // namespace

Result<NpyHeader> parse_npy_header(Bytes head) {
    ByteReader reader(head);
    const Bytes magic = VEXFS_TRY(reader.take(kMagic.size()));
    if (std::memcmp(magic.data(), kMagic.data(), kMagic.size()) != 0)
        return fail(Code::kEBADMSG, "npy: the magic is missing");
    const uint8_t major = VEXFS_TRY(reader.le<uint8_t>());
    VEXFS_TRY_VOID(reader.skip(1));
    if (major < 1 || major > 3)
        return fail(Code::kEOPNOTSUPP, "npy: the version is none of 1, 2, 3");
    const uint32_t length =
        major == 1 ? VEXFS_TRY(reader.le<uint16_t>()) : VEXFS_TRY(reader.le<uint32_t>());
    const Bytes text = VEXFS_TRY(reader.take(length));
    NpyHeader header{};
    header.data_offset = reader.position();
    VEXFS_TRY_VOID(
        parse_dictionary({reinterpret_cast<const char*>(text.data()), text.size()}, header));
    return header;
}

std::vector<std::byte> npy_header(Element element, uint64_t rows, uint32_t dim) {
    const char* descr = element == Element::kF32 ? "<f4" : element == Element::kU8 ? "|u1" : "|i1";
    std::string text = std::string("{'descr': '") + descr +
                       "', 'fortran_order': False, 'shape': (" + std::to_string(rows) + ", " +
                       std::to_string(dim) + "), }";
    const size_t unpadded = kMagic.size() + 4 + text.size() + 1;
    text.append((64 - unpadded % 64) % 64, ' ');
    text += '\n';
    std::string head(kMagic);
    head += {'\x01', '\x00', static_cast<char>(text.size() & 0xff),
             static_cast<char>(text.size() >> 8)};
    head += text;
    const Bytes bytes = std::as_bytes(std::span(head));
    return {bytes.begin(), bytes.end()};
}

} // namespace vexfs
