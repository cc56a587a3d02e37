// SPDX-License-Identifier: Apache-2.0
//
// The input is a log of changes over 64 rows. Whatever it says, the graph that comes of it is
// searched, changed and consolidated.
#include <cstdint>

#include "base/assert.h"
#include "index/graph/consolidate.h"
#include "index/graph/graph_loader.h"
#include "index/graph/test_rows.h"

using namespace vexfs;
using namespace vexfs::index;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    static TestRows rows(64, 1, 4);
    const auto graph = Graph::create(TestRows::config()).value();
    GraphLoader loader(*graph, rows.size());
    for (uint32_t slot = 0; slot < rows.size(); ++slot)
        VEXFS_ASSERT(loader.add_code(slot, rows.record(slot)).has_value());
    const Status applied = loader.apply(std::as_bytes(std::span(data, size)));
    VEXFS_ASSERT(applied.has_value() || applied.error().code == Code::kEBADMSG);
    const LoadReport report = loader.finish().value();
    VEXFS_ASSERT(report.linked + report.pending.size() == rows.size());

    static Scratch scratch;
    std::vector<Neighbor> out(rows.size());
    SearchParams params;
    params.k = rows.size();
    const TestQuery wanted(rows, rows.row(size % rows.size()));
    const SearchOutcome outcome = graph->search(wanted.query, params, scratch, out).value();
    VEXFS_ASSERT(outcome.found <= report.linked);

    for (uint32_t slot : report.pending)
        VEXFS_ASSERT(graph->insert(slot, rows.record(slot), scratch).has_value());
    for (uint32_t slot = 0; slot < rows.size(); slot += 3)
        VEXFS_ASSERT(graph->remove(slot).has_value());
    Consolidation consolidation(graph->core());
    std::vector<uint32_t> released;
    while (consolidation.step(16, scratch, released).value() != Consolidation::Progress::kIdle) {
    }
    VEXFS_ASSERT(released.size() == (rows.size() + 2) / 3);
    VEXFS_ASSERT(graph->search(wanted.query, params, scratch, out).value().found <=
                 graph->live_rows());
    return 0;
}
