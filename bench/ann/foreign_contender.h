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

// FAISS IndexHNSWSQ with 8 bits an element.
std::unique_ptr<Contender> make_faiss_sq8_contender(const ContenderShape& shape);

// FAISS IndexIVFPQFastScan in IndexRefineFlat, tuned over lists probed and candidates refined.
std::unique_ptr<Contender> make_faiss_ivfpq_contender(const ContenderShape& shape);

// Those that `peer` names: one of them, "all" or "none".
std::vector<std::unique_ptr<Contender>> make_peers(const std::string& peer,
                                                   const ContenderShape& shape);

} // namespace vexfs
