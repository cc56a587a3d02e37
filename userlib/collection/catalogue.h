// SPDX-License-Identifier: Apache-2.0
//
// Which directories are collections: an item each, all of them neighbours.
//
// Threads: pure functions on a store that any thread uses.
#pragma once

#include <array>

#include "userlib/collection/schema.h"
#include "userlib/store/store.h"

namespace vexfs {

struct CollectionEntry {
    uint64_t directory = 0;
    Schema schema;
    uint64_t vectors_oid = 0; // the object of the vectors
    uint64_t rows_oid = 0;    // the object of what else a row has
    // The objects of two graphs, one of them in use; 0: the graph is kept in memory alone.
    std::array<uint64_t, 2> graph_oids{};

    // Those that there are.
    [[nodiscard]] std::vector<uint64_t> objects() const;
};

// All collections, by number of their directory. One whose item is malformed is left out and
// logged.
Result<std::vector<CollectionEntry>> list_collections(Store& store);

// The item of a directory: EUCLEAN if it is malformed, nothing if it is no collection.
Result<std::optional<CollectionEntry>> find_collection(Store& store, uint64_t directory);

// Makes it, or changes its schema. The numbers of its objects were never used: they come from the
// counter that inode numbers come from.
void put_collection(Transaction& transaction, const CollectionEntry& entry);

// Gives it up with all of its vectors. The row maps of its files belong to the files.
void erase_collection(Transaction& transaction, const CollectionEntry& entry);

// EUCLEAN.
Result<CollectionEntry> decode_collection(const StoreItem& item);

} // namespace vexfs
