// SPDX-License-Identifier: Apache-2.0
//
// Reads the files of FAISS's write_index() for IndexFlat and IndexHNSWFlat without FAISS, which
// trusts most of them.
//
//   OFFSET  SIZE  MEANING (little-endian)
//   0       4     "IxF2" (flat, l2), "IxFI" (flat, inner product) or "IHNf" (HNSW over flat)
//   4       4     dimension
//   8       8     rows
//   16      16    two numbers that are written and ignored
//   32      1     trained: 1
//   33      4     metric: 0 inner product, 1 l2
//   37      ...   flat: u64 number of floats, the floats
//                 HNSW: five vectors, each a u64 count and its items: probability of a level (f64),
//                 links up to each level (i32), levels of a row (i32, the lowest is 1), begin of a
//                 row's links (u64, one more than rows), links (i32, -1 where free); then i32
//                 entry, highest level, two efforts, beam; then a flat index
//
// Threads: pure.
#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "index/adapters/imported_index.h"

namespace vexfs::index {

struct FaissFile {
    Metric metric; // kL2 or kDot
    ImportedIndex index;
};

// Labels are the row numbers. EBADMSG, naming the field, for anything but a whole and consistent
// index; EOPNOTSUPP for another kind of index.
Result<FaissFile> parse_faiss_file(Bytes file);

} // namespace vexfs::index
