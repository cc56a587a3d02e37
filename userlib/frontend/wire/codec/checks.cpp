// SPDX-License-Identifier: Apache-2.0
#include "userlib/frontend/wire/codec/checks.h"

namespace vexfs {
namespace {

// The offset of the first word of type T whose exponent bits are all set: a NaN or an infinity.
template <typename T>
size_t first_not_finite(Bytes words, T exponent) {
    constexpr size_t kBlock = 1024;
    const size_t count = words.size() / sizeof(T);
    for (size_t begin = 0; begin < count; begin += kBlock) {
        const size_t end = std::min(count, begin + kBlock);
        // Without a branch a word, so that the compiler makes vector instructions of it.
        bool found = false;
        for (size_t i = begin; i < end; ++i)
            found |= (load_le<T>(&words[i * sizeof(T)]) & exponent) == exponent;
        for (size_t i = begin; found && i < end; ++i)
            if ((load_le<T>(&words[i * sizeof(T)]) & exponent) == exponent)
                return i * sizeof(T);
    }
    return words.size();
}

size_t first_spare_bit(Bytes vectors, uint32_t dim) {
    const size_t stride = (dim + 7) / 8;
    const auto spare = static_cast<std::byte>(0xff << (dim % 8));
    if (dim % 8 == 0)
        return vectors.size();
    for (size_t last = stride - 1; last < vectors.size(); last += stride)
        if ((vectors[last] & spare) != std::byte{0})
            return last;
    return vectors.size();
}

} // namespace

Status check_file(const vexfs_file& file, size_t offset, Fault& fault) {
    if (file.name > VEXFS_MAX_NAME)
        return fault.at(offset + offsetof(vexfs_file, name), Code::kENAMETOOLONG,
                        "file: the name is longer than 255 bytes");
    if (file.ino != 0 && file.name != 0)
        return fault.at(offset, Code::kEINVAL, "file: ino and name are both given");
    if (file.zero != 0)
        return fault.at(offset + offsetof(vexfs_file, zero), Code::kEINVAL, "file: zero is not 0");
    return ok();
}

Status check_name(std::string_view name, size_t offset, Fault& fault) {
    if (name == "." || name == "..")
        return fault.at(offset, Code::kEINVAL, "name: '.' and '..' name no file");
    for (size_t i = 0; i < name.size(); ++i)
        if (name[i] == '/' || name[i] == '\0')
            return fault.at(offset + i, Code::kEINVAL, "name: '/' or NUL in it");
    return ok();
}

Status check_shape(uint32_t element, uint32_t dim, size_t element_offset, size_t dim_offset,
                   Fault& fault) {
    if (element < VEXFS_ELEMENT_F32 || element > VEXFS_ELEMENT_BIT)
        return fault.at(element_offset, Code::kEINVAL, "element: unknown type");
    if (dim < 1 || dim > VEXFS_MAX_DIM)
        return fault.at(dim_offset, Code::kEINVAL, "dim: 0, or over 65,535");
    return ok();
}

Status check_vectors(Bytes vectors, uint32_t element, uint32_t dim, size_t offset, Fault& fault) {
    size_t bad = vectors.size();
    if (element == VEXFS_ELEMENT_F32)
        bad = first_not_finite<uint32_t>(vectors, 0x7f800000);
    else if (element == VEXFS_ELEMENT_F16)
        bad = first_not_finite<uint16_t>(vectors, 0x7c00);
    else if (element == VEXFS_ELEMENT_BF16)
        bad = first_not_finite<uint16_t>(vectors, 0x7f80);
    if (bad < vectors.size())
        return fault.at(offset + bad, Code::kEINVAL, "vectors: an element is NaN or infinite");
    if (element == VEXFS_ELEMENT_BIT && (bad = first_spare_bit(vectors, dim)) < vectors.size())
        return fault.at(offset + bad, Code::kEINVAL,
                        "vectors: bits beyond dim in the last byte are not 0");
    return ok();
}

Status check_filter(std::string_view filter, size_t offset, Fault& fault) {
    for (size_t i = 0; i < filter.size(); ++i) {
        const auto byte = static_cast<unsigned char>(filter[i]);
        if (byte < 32 && byte != '\t' && byte != '\n')
            return fault.at(offset + i, Code::kEINVAL, "filter: a control character");
    }
    return ok();
}

Status check_row_meta(const vexfs_row_meta& meta, size_t offset, Fault& fault) {
    if (meta.length == 0 && meta.offset != 0)
        return fault.at(offset + offsetof(vexfs_row_meta, offset), Code::kEINVAL,
                        "row: an offset without a length");
    uint64_t end = 0;
    if (!checked_add<uint64_t>(meta.offset, meta.length, end) || end > INT64_MAX)
        return fault.at(offset + offsetof(vexfs_row_meta, length), Code::kEINVAL,
                        "row: offset + length is over 2^63 - 1");
    return ok();
}

} // namespace vexfs
