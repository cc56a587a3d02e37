// SPDX-License-Identifier: Apache-2.0
//
// The index of VexFS as a contender: codec, graph, scans and vectors in memory, joined as a user of
// the library joins them.
//
// The codec is trained on at most 16,384 rows of the base, and never sees a query. The planner
// chooses between walk and scan. Training, encoding and linking are the build; replacing rows is
// removing them, consolidating until their slots are free, and inserting.
//
// Threads: as Contender says.
#pragma once

#include "bench/ann/contender.h"

namespace vexfs {

struct VexfsContenders {
    std::unique_ptr<Contender> index;
    // Searches the same rows by scanning the codes of all that are allowed: what a filtered walk is
    // held against. It lives on `index`, which is the one to build and to restrict.
    std::unique_ptr<Contender> scan;
};

VexfsContenders make_vexfs_contenders(const ContenderShape& shape);

} // namespace vexfs
