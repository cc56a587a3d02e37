// SPDX-License-Identifier: Apache-2.0
//
// The indexes of index/adapters as contenders.
//
// Threads: as Contender says.
#pragma once

#include "bench/ann/contender.h"

namespace vexfs {

// hnswlib, with its own distances compiled for shape.isa.
std::unique_ptr<Contender> make_hnswlib_contender(const ContenderShape& shape);

// FAISS IndexHNSWFlat, as the installed library was compiled.
std::unique_ptr<Contender> make_faiss_contender(const ContenderShape& shape);

} // namespace vexfs
