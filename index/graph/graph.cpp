// SPDX-License-Identifier: Apache-2.0
#include "index/graph/graph.h"

#include "base/guard.h"
#include "index/graph/insert.h"

namespace vexfs::index {

Result<std::unique_ptr<Graph>> Graph::create(const GraphConfig& config) {
    if (!code_shape_valid(config.shape))
        return fail(Code::kEINVAL, "graph: shape of the codes");
    if (config.ef_construction == 0 || config.ef_construction > 65'536)
        return fail(Code::kEINVAL, "graph: ef_construction");
    if (config.links_max < 4 || config.links_max > kLinks || config.links_of_insert < 2 ||
        config.links_of_insert > config.links_max)
        return fail(Code::kEINVAL, "graph: number of links");
    if (!(config.alpha >= 1.0f && config.alpha <= 4.0f))
        return fail(Code::kEINVAL, "graph: alpha");
    if (!is_supported(config.isa))
        return fail(Code::kEINVAL, "graph: instruction set");
    return guard(fail(Code::kENOMEM, "graph: no memory"), [&]() -> Result<std::unique_ptr<Graph>> {
        std::unique_ptr<Graph> graph(new Graph(config));
        VEXFS_TRY_VOID(graph->core_.check_memory());
        return graph;
    });
}

Status Graph::place_code(uint32_t slot, const uint8_t* record) {
    return place_record(core_, slot, record);
}

Status Graph::insert(uint32_t slot, const uint8_t* record, Scratch& scratch) {
    return insert_row(core_, slot, record, full_effort(core_.config), scratch);
}

Status Graph::insert_hastily(uint32_t slot, const uint8_t* record, Scratch& scratch) {
    return insert_row(core_, slot, record, hasty_effort(core_.config), scratch);
}

Status Graph::improve(uint32_t slot, Scratch& scratch) {
    return improve_row(core_, slot, scratch);
}

Status Graph::remove(uint32_t slot) {
    if (!core_.knows(slot) || (core_.state(slot) & kRowLinked) == 0)
        return fail(Code::kENOENT, "graph: the row is not linked");
    if ((core_.add_state(slot, kRowDead) & kRowDead) != 0)
        return fail(Code::kENOENT, "graph: the row is removed");
    core_.dead_rows.fetch_add(1);
    return ok();
}

bool Graph::is_linked(uint32_t slot) const {
    return core_.knows(slot) && (core_.state(slot) & (kRowLinked | kRowDead)) == kRowLinked;
}

uint32_t Graph::live_rows() const {
    const uint32_t dead = core_.dead_rows.load();
    const uint32_t linked = core_.linked_rows.load();
    return linked > dead ? linked - dead : 0;
}

MemoryUse Graph::memory() const {
    MemoryUse use;
    use.codes = core_.codes.bytes();
    use.links = core_.links.bytes();
    use.states = core_.states.bytes();
    use.upper = core_.talls.bytes();
    use.duplicates = core_.duplicates.bytes();
    use.fixed = sizeof(Graph);
    return use;
}

} // namespace vexfs::index
