// SPDX-License-Identifier: Apache-2.0
//
// What the tree of a commit reaches, and whether all of its metadata can be read.
//
// Threads: one thread.
#pragma once

#include "userlib/store/record.h"

namespace vexfs {

// Marks every block that nodes and records of the commit use in an empty map. A node may be whole
// in one copy only; data is not read. EUCLEAN if two claim one block, or if a node is not what its
// parent says; EIO if a node cannot be read.
Status mark_reachable(const Uberblock& commit, NodeReader& nodes, const Layout& layout,
                      FreeMap& free_map);

} // namespace vexfs
