// SPDX-License-Identifier: Apache-2.0
//
// What is known of rows without a search.
#include "userlib/collection/collection.h"

#include "userlib/collection/row_state.h"

namespace vexfs {

namespace {

using Classes = std::vector<bool>; // null: all

bool is_visible(const Classes* classes, uint32_t access_class) {
    return classes == nullptr || (access_class < classes->size() && (*classes)[access_class]);
}

uint64_t count_visible(const RowTable& table, const SlotSet& slots, const Classes* classes) {
    if (classes == nullptr)
        return slots.count();
    uint64_t count = 0;
    for (size_t word = 0; word < slots.word_count(); ++word)
        for (uint64_t left = slots.load(word); left != 0; left &= left - 1) {
            const size_t slot = word * 64 + static_cast<size_t>(std::countr_zero(left));
            const auto of = table.at(static_cast<uint32_t>(slot)).access_class;
            count += is_visible(classes, of) ? 1 : 0;
        }
    return count;
}

RowTally tally_of(const RowTable& table, const Classes* classes) {
    RowTally tally;
    table.for_each_file([&](uint64_t ino, const RowTable::File& file) {
        if (!is_visible(classes, file.access_class))
            return;
        table.for_each_version(file, [&](uint64_t version, size_t rows) {
            std::vector<RowTally::Rows>& of = tally.rows;
            if (!of.empty() && of.back().ino == ino && of.back().data_version == version)
                of.back().count += rows;
            else
                of.push_back({ino, version, rows});
        });
    });
    tally.pending = count_visible(table, table.pending(), classes) +
                    count_visible(table, table.hasty(), classes);
    tally.damaged = count_visible(table, table.damaged(), classes);
    return tally;
}

} // namespace

std::optional<uint32_t> Collection::class_of(uint64_t ino) {
    const ReadLock read(state_->lock);
    const RowTable::File* const file = state_->table.file(ino);
    return file != nullptr ? std::optional(file->access_class) : std::nullopt;
}

RowTally Collection::tally(const std::vector<bool>* classes) {
    const ReadLock read(state_->lock);
    return tally_of(state_->table, classes);
}

} // namespace vexfs
