// SPDX-License-Identifier: Apache-2.0
#include "index/graph/graph_core.h"

#include <algorithm>
#include <cmath>

#include "index/graph/links.h"

namespace vexfs::index {

GraphCore::GraphCore(const GraphConfig& graph_config)
    : config(graph_config), alpha_256(static_cast<uint32_t>(std::lround(graph_config.alpha * 256))),
      blocks(graph_config.shape.record_bytes / kCodeBlockBytes),
      code_loops(code_kernels(graph_config.isa, graph_config.shape)),
      loops(walk_kernels(graph_config.isa, graph_config.shape)),
      codes(graph_config.shape.record_bytes), links(kLinks * sizeof(uint32_t)),
      states(sizeof(uint8_t)), view{} {
    view.codes = codes.directory<uint8_t>();
    view.links = links.directory<uint32_t>();
    view.blocks = blocks;
    talls.describe(view);
}

Status GraphCore::check_memory() const {
    const bool usable = codes.is_usable() && links.is_usable() && states.is_usable() &&
                        duplicates.is_usable() && talls.is_usable();
    return usable ? ok() : fail(Code::kENOMEM, "graph: memory for its directories");
}

Status GraphCore::ensure(uint32_t slot) {
    VEXFS_TRY_VOID(codes.ensure(slot));
    VEXFS_TRY_VOID(links.ensure(slot));
    return states.ensure(slot);
}

void GraphCore::raise_rows(uint32_t slot) {
    uint32_t end = row_end.load(std::memory_order_relaxed);
    while (end <= slot && !row_end.compare_exchange_weak(end, slot + 1)) {
    }
}

void GraphCore::set_row(uint32_t slot, std::span<const uint32_t> new_links) {
    write_links(row(slot), kLinks, new_links);
    if (sink != nullptr)
        sink->links_changed(slot, 0, new_links);
}

void GraphCore::report_upper(uint32_t tall, uint32_t level) {
    if (sink == nullptr)
        return;
    uint32_t neighbours[kUpperLinks];
    const uint32_t count = load_links(talls.links(tall, level), kUpperLinks, neighbours);
    for (uint32_t i = 0; i < count; ++i)
        neighbours[i] = talls.slot(neighbours[i]);
    sink->links_changed(talls.slot(tall), level, {neighbours, count});
}

uint32_t GraphCore::select_sorted(Scratch& scratch, uint32_t count, uint32_t limit,
                                  uint32_t* picked) {
    Selection selection{};
    selection.records = scratch.records.data();
    selection.distances = scratch.record_distances.data();
    selection.nodes = scratch.record_nodes.data();
    selection.count = count;
    selection.limit = limit;
    selection.alpha_256 = alpha_256;
    selection.blocks = blocks;
    selection.decoded = scratch.decoded.data();
    selection.picked = picked;
    return loops.select(selection);
}

uint32_t GraphCore::measure_and_select(Scratch& scratch, const int8_t* query, int32_t offset,
                                       uint32_t count, uint32_t limit, uint32_t* picked) {
    code_loops.gather(scratch.records.data(), count, query, blocks,
                      scratch.record_distances.data());
    // A key is the distance, in unsigned order, and the candidate's place.
    uint64_t* keys = scratch.sort_keys.data();
    for (uint32_t i = 0; i < count; ++i) {
        const int32_t distance = offset_distance(scratch.record_distances[i], offset);
        keys[i] = uint64_t{static_cast<uint32_t>(distance) ^ 0x8000'0000u} << 32 | i;
    }
    std::sort(keys, keys + count);
    // The second half of the buffers takes the sorted candidates before they replace the first.
    const uint8_t** records = scratch.records.data() + count;
    uint32_t* nodes = scratch.record_nodes.data() + count;
    for (uint32_t i = 0; i < count; ++i) {
        const auto place = static_cast<uint32_t>(keys[i]);
        records[i] = scratch.records[place];
        nodes[i] = scratch.record_nodes[place];
        scratch.record_distances[i] =
            static_cast<int32_t>(static_cast<uint32_t>(keys[i] >> 32) ^ 0x8000'0000u);
    }
    std::copy(records, records + count, scratch.records.data());
    std::copy(nodes, nodes + count, scratch.record_nodes.data());
    return select_sorted(scratch, count, limit, picked);
}

} // namespace vexfs::index
