// SPDX-License-Identifier: Apache-2.0
//
// FAISS's HNSW over flat vectors behind the verbs of VectorIndex: a second reference.
//
// FAISS appends rows and never removes them, so insert() takes only the next slot and remove() and
// restrict_to() are not offered.
//
// Threads: as VectorIndex says, where searches at one time use one effort; build() lets FAISS use
// `threads` of OpenMP.
#pragma once

#include <memory>

#include "index/adapters/vector_index.h"

namespace vexfs::index {

// An empty index. EINVAL if the shape is out of range or the metric is none of kL2, kCosine, kDot.
Result<std::unique_ptr<VectorIndex>> make_faiss_index(const ForeignShape& shape);

} // namespace vexfs::index
