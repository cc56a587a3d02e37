// SPDX-License-Identifier: Apache-2.0
#include "index/graph/tall_rows.h"

#include "base/assert.h"
#include "base/guard.h"
#include "index/graph/links.h"

namespace vexfs::index {

namespace {

Status append_zero(std::vector<uint8_t>& bytes) {
    return guard(fail(Code::kENOMEM, "graph: memory for levels"), [&]() -> Status {
        bytes.push_back(0);
        return ok();
    });
}

} // namespace

TallRows::TallRows() = default;

std::optional<TallRows::Entry> TallRows::entry() const {
    const uint64_t packed = entry_.load(std::memory_order_acquire);
    if (packed == 0)
        return std::nullopt;
    return Entry{static_cast<uint32_t>(packed), static_cast<uint32_t>(packed >> 32)};
}

void TallRows::set_entry(std::optional<Entry> entry) {
    const uint64_t packed = entry ? uint64_t{entry->level} << 32 | entry->tall : 0;
    entry_.store(packed, std::memory_order_release);
}

// A tall that never was. Nothing is changed if there is no memory.
Result<uint32_t> TallRows::grow(uint32_t levels) {
    const uint32_t tall = count();
    VEXFS_TRY_VOID(slots_.ensure(tall));
    VEXFS_TRY_VOID(firsts_.ensure(tall));
    for (uint32_t row = row_count_; row < row_count_ + levels; ++row)
        VEXFS_TRY_VOID(rows_.ensure(row));
    VEXFS_TRY_VOID(append_zero(levels_));
    store_link(firsts_.row_as<uint32_t>(tall), row_count_);
    row_count_ += levels;
    return tall;
}

Result<uint32_t> TallRows::add(uint32_t slot, uint32_t levels) {
    VEXFS_ASSERT(levels >= 1 && levels <= kMaxLevel);
    std::vector<uint32_t>& released = released_[levels];
    uint32_t tall = kNoLink;
    if (released.empty()) {
        tall = VEXFS_TRY(grow(levels));
    } else {
        tall = released.back();
        released.pop_back();
    }
    levels_[tall] = static_cast<uint8_t>(levels);
    set_slot(tall, slot);
    for (uint32_t level = 1; level <= levels; ++level)
        write_links(links(tall, level), kUpperLinks, {});
    return tall;
}

void TallRows::release(uint32_t tall) {
    released_[levels_[tall]].push_back(tall);
    levels_[tall] = 0;
}

uint32_t TallRows::slot(uint32_t tall) const {
    return load_link(slots_.row_as<uint32_t>(tall));
}

void TallRows::set_slot(uint32_t tall, uint32_t slot) {
    store_link(slots_.row_as<uint32_t>(tall), slot);
}

uint32_t* TallRows::links(uint32_t tall, uint32_t level) const {
    const uint32_t first = load_link(firsts_.row_as<uint32_t>(tall));
    return rows_.row_as<uint32_t>(first + level - 1);
}

void TallRows::describe(GraphView& view) const {
    view.tall_slots = slots_.directory<uint32_t>();
    view.tall_firsts = firsts_.directory<uint32_t>();
    view.tall_rows = rows_.directory<uint32_t>();
}

size_t TallRows::bytes() const {
    MutexLock lock(mutex_);
    size_t released = 0;
    for (const std::vector<uint32_t>& list : released_)
        released += list.capacity() * sizeof(uint32_t);
    return slots_.bytes() + firsts_.bytes() + rows_.bytes() + levels_.capacity() + released;
}

} // namespace vexfs::index
