// SPDX-License-Identifier: Apache-2.0
//
// The file formats in which vector sets travel, told apart by the end of the file's name.
//
//   .fbin .u8bin .i8bin   u32 rows, u32 dim, then the rows (f32, u8, i8), little-endian
//   .fvecs .bvecs         every row is u32 dim and then dim elements (f32, u8), little-endian
//   .npy                  NumPy 1.0 to 3.0, C order, two axes, '<f4', '|u1' or '|i1'
//   .idx, *-ubyte         big-endian magic 00 00 08 n, n sizes of 4 bytes, then u8; axes after the
//   first are one row .ibin                 ground truth: u32 queries, u32 depth, rows of u32;
//   distances may follow and are ignored
//
// Every byte of a file is suspect: sizes are checked by exact arithmetic against the file's size
// before anything is allocated, dimensions must be 1..65,535, floats finite, truth rows in range. A
// file that is longer than it says is as wrong as one that is shorter.
//
// Threads: pure, apart from the file.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "bench/data/matrix.h"

namespace vexfs {

// The first `row_limit` rows of the file, or all. EBADMSG if it is malformed, EINVAL if the name
// ends like none of the formats above.
Result<Matrix> read_vectors(const std::string& path, size_t row_limit = SIZE_MAX);

// EINVAL if the element type does not go with the format (an .idx file cannot be written).
Status write_vectors(const std::string& path, const Matrix& matrix);

// For each query the numbers of its nearest rows, nearest first.
struct Truth {
    uint32_t depth = 0;
    std::vector<uint32_t> rows; // queries * depth

    [[nodiscard]] size_t queries() const { return depth == 0 ? 0 : rows.size() / depth; }
    [[nodiscard]] std::span<const uint32_t> of(size_t query) const {
        return std::span(rows).subspan(query * depth, depth);
    }
};

// EBADMSG if it has fewer than `queries` rows or names a row that is not below `base_rows`.
Result<Truth> read_truth(const std::string& path, size_t queries, size_t base_rows);
Status write_truth(const std::string& path, const Truth& truth);

} // namespace vexfs
