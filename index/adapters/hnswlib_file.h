// SPDX-License-Identifier: Apache-2.0
//
// Reads the files of hnswlib's saveIndex() without hnswlib, which trusts them.
//
//   OFFSET  SIZE  MEANING (little-endian)
//   0       8     offset of the lowest level in an element: 0
//   8       8     capacity
//   16      8     elements
//   24      8     bytes of an element
//   32      8     offset of the label in an element
//   40      8     offset of the vector in an element
//   48      4     highest level, -1 when empty
//   52      4     entry element, -1 when empty
//   56      8     links of an element on an upper level
//   64      8     links on the lowest level
//   72      8     M
//   80      8     factor of the level's distribution (f64)
//   88      8     ef while building
//   96      ...   elements: u16 links, u8 deleted mark, u8 zero, the links as u32 each, the vector
//                 (f32), the label (u64)
//   then          for every element: u32 bytes of its upper levels, and those: per level u32 links,
//                 links as u32 each
//
// The file states neither metric nor element type: the caller must know that it holds floats.
//
// Threads: pure.
#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "index/adapters/imported_index.h"

namespace vexfs::index {

// EBADMSG, naming the field, for anything but a whole and consistent index.
Result<ImportedIndex> parse_hnswlib_file(Bytes file);

} // namespace vexfs::index
