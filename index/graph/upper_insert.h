// SPDX-License-Identifier: Apache-2.0
//
// Linking a row into the upper levels, after it is linked on level 0.
//
// Threads: any number at once; one at a time gets in.
#pragma once

#include <cstdint>

#include "base/result.h"
#include "index/graph/graph_core.h"

namespace vexfs::index {

// Makes the row the entry of an empty graph. False if the graph is not empty any more.
Result<bool> insert_first_row(GraphCore& core, uint32_t slot);

// Gives the row a tall of `levels` levels and links it. scratch.origin is the row's decoded code.
// With `as_entry` the search begins at it from now on, however high others are. ENOMEM.
Status insert_upper(GraphCore& core, uint32_t slot, uint32_t levels, bool as_entry,
                    Scratch& scratch);

} // namespace vexfs::index
