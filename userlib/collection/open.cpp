// SPDX-License-Identifier: Apache-2.0
#include "base/guard.h"
#include "base/log.h"
#include "userlib/collection/collection.h"
#include "userlib/collection/graph_restore.h"
#include "userlib/collection/linker.h"
#include "userlib/collection/row_loader.h"
#include "userlib/collection/search_scratches.h"
#include "userlib/collection/stopwatch.h"
#include "userlib/collection/warm_up.h"

namespace vexfs {

namespace {

// What a crash left of rows that are none. That it fails costs space, until the next open. Records
// go last: they lead an open to the pieces of row maps.
void erase_remains(RowState& state, const RowLoader& loader) {
    Status cleaned = ok();
    for (const RowLoader::Leftover& leftover : loader.leftovers())
        if (cleaned)
            cleaned = erase_map_pieces(state.store, leftover.ino, leftover.from, leftover.end);
    if (cleaned)
        cleaned = erase_slots(state, loader.stray());
    if (!cleaned)
        log(LogLevel::kWarning, "collection", "bytes of removed rows are left",
            {{"directory", state.entry.directory}, {"cause", cleaned.error()}});
}

void log_opened(RowState& state, uint64_t rows_ns, uint64_t graph_ns) {
    const ReadLock read(state.lock);
    log(LogLevel::kDebug, "collection", "opened",
        {{"directory", state.entry.directory},
         {"rows", state.table.live_slots().count()},
         {"pending", state.table.pending().count()},
         {"rows_us", rows_ns / 1000},
         {"graph_us", graph_ns / 1000}});
}

} // namespace

Result<std::unique_ptr<Collection>> Collection::open(Store& store, const CollectionEntry& entry,
                                                     const ClassOf& class_of, bool read_only,
                                                     RowMemory* memory) {
    return guard(no_memory(), [&]() -> Result<std::unique_ptr<Collection>> {
        VEXFS_TRY_VOID(check_schema(entry.schema));
        CollectionEntry used = entry;
        used.schema = with_defaults(entry.schema);
        const index::Distance distance = VEXFS_TRY(
            index::Distance::make(used.schema.element, used.schema.metric, used.schema.dim));
        VEXFS_TRY_VOID(store.set_form(used.vectors_oid, form_of_vectors(used.schema)));
        auto state = std::make_unique<RowState>(store, used, distance, memory);
        RowLoader loader(*state, class_of);
        const uint64_t loader_bytes = VEXFS_TRY(loader.bytes_needed());
        GraphRestore graph(*state);
        // Before it is taken, so that the cache gives way in time.
        const auto count_what_comes = [&] {
            const ReadLock read(state->lock);
            state->count_memory(graph.memory_bytes() + loader_bytes);
        };
        count_what_comes();
        // It takes what the others leave of the device and the processors.
        auto warm_up = std::make_unique<WarmUp>(store, used.vectors_oid);
        uint64_t rows_ns = 0;
        uint64_t graph_ns = 0;
        {
            const Stopwatch watch(rows_ns);
            VEXFS_TRY_VOID(loader.run());
        }
        count_what_comes();
        {
            const Stopwatch watch(graph_ns);
            graph.finish(loader.sums());
        }
        loader.give_rest();
        log_opened(*state, rows_ns, graph_ns);
        {
            const ReadLock read(state->lock);
            state->count_memory();
        }
        if (!read_only)
            erase_remains(*state, loader);
        return std::unique_ptr<Collection>(
            new Collection(std::move(state), std::move(warm_up), read_only));
    });
}

} // namespace vexfs
