// SPDX-License-Identifier: Apache-2.0
#include "index/graph/duplicates.h"

#include "index/graph/links.h"

namespace vexfs::index {

uint32_t Duplicates::next(uint32_t slot) const {
    if (!next_.has(slot))
        return kNoLink;
    return load_link(next_.row_as<uint32_t>(slot)) - 1;
}

Status Duplicates::insert_after(uint32_t shared, uint32_t slot) {
    VEXFS_TRY_VOID(next_.ensure(shared));
    VEXFS_TRY_VOID(next_.ensure(slot));
    set_next(slot, next(shared));
    set_next(shared, slot);
    return ok();
}

void Duplicates::remove_after(uint32_t previous) {
    set_next(previous, next(next(previous)));
}

void Duplicates::cut(uint32_t slot) {
    if (next_.has(slot))
        set_next(slot, kNoLink);
}

void Duplicates::set_next(uint32_t slot, uint32_t next) {
    store_link(next_.row_as<uint32_t>(slot), next + 1);
}

} // namespace vexfs::index
