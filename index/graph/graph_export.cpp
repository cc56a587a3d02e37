// SPDX-License-Identifier: Apache-2.0
#include "index/graph/graph_export.h"

#include "index/graph/links.h"

namespace vexfs::index {
namespace {

void export_row(const GraphCore& core, uint32_t slot, ChangeSink& sink) {
    uint32_t links[kLinks];
    const uint32_t count = load_links(core.row(slot), kLinks, links);
    sink.links_changed(slot, 0, {links, count});
    if ((core.state(slot) & kRowShared) == 0)
        return;
    for (uint32_t next = core.duplicates.next(slot); next != kNoLink;
         next = core.duplicates.next(next))
        sink.duplicate_added(next, slot);
}

} // namespace

void export_upper(const GraphCore& core, const std::function<bool(uint32_t slot)>& wanted,
                  ChangeSink& sink) {
    MutexLock lock(core.talls.mutex());
    for (uint32_t tall = 0; tall < core.talls.count(); ++tall) {
        if (core.talls.levels(tall) == 0 || !wanted(core.talls.slot(tall)))
            continue;
        for (uint32_t level = 1; level <= core.talls.levels(tall); ++level) {
            uint32_t links[kUpperLinks];
            const uint32_t count = load_links(core.talls.links(tall, level), kUpperLinks, links);
            for (uint32_t i = 0; i < count; ++i)
                links[i] = core.talls.slot(links[i]);
            sink.links_changed(core.talls.slot(tall), level, {links, count});
        }
    }
}

void export_graph(const GraphCore& core, ChangeSink& sink) {
    for (uint32_t slot = 0; slot < core.rows(); ++slot) {
        if (!core.knows(slot))
            continue;
        if ((core.state(slot) & (kRowLinked | kRowDuplicate)) == kRowLinked)
            export_row(core, slot, sink);
    }
    export_upper(
        core, [](uint32_t) { return true; }, sink);
    const std::optional<TallRows::Entry> entry = core.talls.entry();
    sink.entry_changed(entry ? core.talls.slot(entry->tall) : kNoLink);
}

} // namespace vexfs::index
