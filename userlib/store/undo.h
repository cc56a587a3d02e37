// SPDX-License-Identifier: Apache-2.0
//
// What a transaction under way replaced, so that a failure in its middle leaves nothing behind.
//
// Space that it gave up is given back only when it has succeeded.
//
// Threads: one thread, the one that holds the store's writer lock.
#pragma once

#include <map>
#include <optional>

#include "userlib/store/tree.h"

namespace vexfs {

using RecordContent = std::shared_ptr<const Page>;

struct RecordId {
    uint64_t oid = 0;
    uint64_t offset = 0;
    // NOLINTNEXTLINE(modernize-use-nullptr): it sees the 0 that the comparison is made with
    friend auto operator<=>(const RecordId&, const RecordId&) = default;
};

struct Undo {
    struct ItemBefore {
        PackedKey key;
        std::optional<Page> value;
    };
    struct RecordBefore {
        RecordId id;
        RecordContent content; // null if the record was not dirty
    };
    std::vector<ItemBefore> items;
    std::vector<RecordBefore> records;
    Segments released;
};

} // namespace vexfs
