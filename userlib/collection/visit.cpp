// SPDX-License-Identifier: Apache-2.0
//
// What is known of rows without a search.
#include "userlib/collection/collection.h"

#include <algorithm>

#include "userlib/collection/row_state.h"

namespace vexfs {

namespace {

constexpr uint32_t kVisitAtOnce = 4096; // slots, with the lock held once

} // namespace

std::optional<uint32_t> Collection::class_of(uint64_t ino) {
    const RowsRead read(*state_);
    const RowTable::File* const file = state_->table.file(ino);
    return file != nullptr ? std::optional(file->access_class) : std::nullopt;
}

Status Collection::visit_rows(const std::vector<bool>* classes, const RowVisit& visit) {
    std::vector<std::pair<RowId, StoredRow>> some;
    for (uint32_t slot = 0;;) {
        some.clear();
        {
            const RowsRead read(*state_);
            const RowTable& table = state_->table;
            if (slot >= table.end())
                return ok();
            for (const uint32_t end = slot + std::min(kVisitAtOnce, table.end() - slot); slot < end;
                 ++slot) {
                const uint32_t access_class = table.at(slot).access_class;
                if (table.live(slot) && (classes == nullptr || (access_class < classes->size() &&
                                                                (*classes)[access_class])))
                    some.emplace_back(table.at(slot).record.id, table.stored_row(slot));
            }
        }
        for (const auto& [id, row] : some)
            VEXFS_TRY_VOID(visit(id, row));
    }
}

} // namespace vexfs
