// SPDX-License-Identifier: Apache-2.0
//
// What is known of rows without a search.
#include "userlib/collection/collection.h"

#include <algorithm>

#include "userlib/collection/row_state.h"

namespace vexfs {

namespace {

constexpr uint32_t kVisitAtOnce = 4096; // slots, with the lock held once

using VisitedRow = std::pair<RowId, StoredRow>;

// Some rows of the classes from the slot on. Whether there may be more.
bool list_rows(const RowTable& table, const std::vector<bool>* classes, uint32_t& slot,
               std::vector<VisitedRow>& rows) {
    const uint32_t end = std::min(table.end(), slot + kVisitAtOnce);
    for (; slot < end; ++slot) {
        const uint32_t of = table.at(slot).access_class;
        const bool visible = classes == nullptr || (of < classes->size() && (*classes)[of]);
        if (visible && table.live(slot))
            rows.emplace_back(table.at(slot).record.id, table.stored_row(slot));
    }
    return slot < table.end();
}

} // namespace

std::optional<uint32_t> Collection::class_of(uint64_t ino) {
    const ReadLock read(state_->lock);
    const RowTable::File* const file = state_->table.file(ino);
    return file != nullptr ? std::optional(file->access_class) : std::nullopt;
}

Status Collection::visit_rows(const std::vector<bool>* classes, const RowVisit& visit) {
    std::vector<VisitedRow> some;
    uint32_t slot = 0;
    for (bool more = true; more;) {
        some.clear();
        {
            const ReadLock read(state_->lock);
            more = list_rows(state_->table, classes, slot, some);
        }
        for (const auto& [id, row] : some)
            VEXFS_TRY_VOID(visit(id, row));
    }
    return ok();
}

} // namespace vexfs
