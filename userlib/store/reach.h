// SPDX-License-Identifier: Apache-2.0
//
// What the tree on disk reaches.
//
// Threads: one thread.
#pragma once

#include "userlib/store/record.h"

namespace vexfs {

// Marks every block that nodes and records below `root` use in an empty map. EUCLEAN if two claim
// one block; EIO if a node cannot be read.
Status mark_reachable(const Pointer& root, NodeReader& nodes, const Layout& layout,
                      FreeMap& free_map);

} // namespace vexfs
