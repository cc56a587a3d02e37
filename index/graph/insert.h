// SPDX-License-Identifier: Apache-2.0
//
// Bringing one row into the graph.
//
// Threads: any number at once, each with a Scratch of its own.
#pragma once

#include <cstdint>

#include "base/result.h"
#include "index/graph/graph_core.h"

namespace vexfs::index {

// How much a row's neighbours are worth.
struct InsertEffort {
    uint32_t ef = 0;    // how many of the nearest rows are found
    uint32_t links = 0; // that are chosen of them
};
InsertEffort full_effort(const GraphConfig& config);
// A fifth of the work.
InsertEffort hasty_effort(const GraphConfig& config);

// Graph::insert() and Graph::insert_hastily(); the preconditions stand there.
Status insert_row(GraphCore& core, uint32_t slot, const uint8_t* record, const InsertEffort& effort,
                  Scratch& scratch);

// Graph::improve().
Status improve_row(GraphCore& core, uint32_t slot, Scratch& scratch);

// Graph::place_code().
Status place_record(GraphCore& core, uint32_t slot, const uint8_t* record);

// Links a row again that is linked already, beside the links it has: for one that lost its
// neighbours.
Status relink_row(GraphCore& core, uint32_t slot, Scratch& scratch);

// How many upper levels a row has: a function of seed and slot, so that a graph does not depend on
// threads.
uint32_t upper_levels_of(uint64_t seed, uint32_t slot);

} // namespace vexfs::index
