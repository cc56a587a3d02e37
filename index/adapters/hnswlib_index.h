// SPDX-License-Identifier: Apache-2.0
//
// hnswlib behind the verbs of VectorIndex: the reference that the graph of VexFS is measured
// against.
//
// A row that was removed and inserted again reuses its place: hnswlib takes a new vector under a
// deleted label, clears the mark and repairs the links around it, which is also what its later
// versions do under allow_replace_deleted. A restriction marks the forbidden rows deleted: the walk
// is the one of the library's filter functor (forbidden rows are walked through and not answered)
// without the call per row.
//
// Threads: as VectorIndex says, where searches at one time use one effort (the library keeps it in
// the index); build() uses `threads` of its own.
#pragma once

#include <memory>

#include "index/adapters/vector_index.h"
#include "index/kernels/isa.h"

namespace vexfs::index {

// An empty index whose distances run on `isa`. EINVAL if the shape is out of range or the metric is
// none of kL2, kCosine, kDot; EOPNOTSUPP if the machine lacks the Isa.
Result<std::unique_ptr<VectorIndex>> make_hnswlib_index(const ForeignShape& shape, Isa isa);

} // namespace vexfs::index
