// SPDX-License-Identifier: Apache-2.0
//
// The header of NumPy's .npy files, versions 1.0, 2.0 and 3.0.
//
//   OFFSET  SIZE    MEANING
//   0       6       \x93 N U M P Y
//   6       2       major, minor version
//   8       2 or 4  length of the text, little-endian (2 bytes in 1.0, 4 bytes after)
//   then            a Python dictionary: 'descr', 'fortran_order', 'shape'
//
// Threads: pure.
#pragma once

#include <cstdint>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "index/kernels/metric.h"

namespace vexfs {

// A header beyond this is refused.
constexpr size_t kNpyHeadBytesMax = 4096;

struct NpyHeader {
    index::Element element;
    uint64_t rows;
    uint32_t dim;
    uint64_t data_offset;
};

// `head` is the beginning of the file. EBADMSG if it is malformed, EOPNOTSUPP for an array that is
// no set of f32, u8 or i8 vectors in C order.
Result<NpyHeader> parse_npy_header(Bytes head);

// A version 1.0 header for kF32, kU8 or kI8, padded to a multiple of 64 bytes.
std::vector<std::byte> npy_header(index::Element element, uint64_t rows, uint32_t dim);

} // namespace vexfs
