// SPDX-License-Identifier: Apache-2.0
//
// The whole state of a graph as a series of changes.
//
// Threads: while nobody changes the graph.
#pragma once

#include <functional>

#include "index/graph/change_sink.h"
#include "index/graph/graph_core.h"

namespace vexfs::index {

// Tells the sink what makes the graph out of an empty one: links, duplicates, and the entry last.
void export_graph(const GraphCore& core, ChangeSink& sink);

// Tells the sink the upper levels of the rows that `wanted` wants, in no order.
void export_upper(const GraphCore& core, const std::function<bool(uint32_t slot)>& wanted,
                  ChangeSink& sink);

} // namespace vexfs::index
