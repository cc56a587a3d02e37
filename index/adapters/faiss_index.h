// SPDX-License-Identifier: Apache-2.0
//
// FAISS's HNSW behind the verbs of VectorIndex, over vectors as they are and over vectors of one
// byte an element: two more references.
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

// The same with each element as one byte between the least and the greatest of its dimension, which
// build() learns from its rows. Answers are ranked by those bytes.
Result<std::unique_ptr<VectorIndex>> make_faiss_sq8_index(const ForeignShape& shape);

} // namespace vexfs::index
