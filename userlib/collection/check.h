// SPDX-License-Identifier: Apache-2.0
//
// check_collections: whether collections, row maps and what is stored of rows agree.
//
// Every collection has objects of its own, every row map a collection, every row a slot that no
// other row has, and what is stored there says whose it is; a graph has a head, a codec and pages
// that go together. It repairs nothing, and leaves to
// check() of the store whether the bytes can be read at all, and to check_names() whether a file is
// one.
//
// What a crash leaves, before the next Collection::open() finishes it, is sound.
//
// Threads: one thread, and nothing else uses the store meanwhile.
#pragma once

#include "userlib/store/store.h"

namespace vexfs {

struct CollectionsFinding {
    Error error;
    uint64_t directory = 0; // of the collection; 0 if it is not known
    uint64_t ino = 0;       // of the file; 0 if it is about none
    uint32_t row = 0;       // the first of those that are wrong
};

struct CollectionsReport {
    static constexpr size_t kFindingsMax = 1000;

    std::vector<CollectionsFinding> findings; // the first ones
    uint64_t problems = 0;                    // all
    uint64_t collections = 0;
    uint64_t files = 0; // with rows
    uint64_t rows = 0;
    uint64_t leftovers = 0; // pieces of row maps behind their rows, which the next mount erases
    // What lies in the store beside the names, ascending: the items of collections, their objects.
    std::vector<uint64_t> objects;

    [[nodiscard]] bool clean() const { return problems == 0; }
};

// Looks at the store as it is, the log included. Never fails: where the tree cannot be read the
// check ends with a finding. Takes 24 bytes of memory for a row.
CollectionsReport check_collections(Store& store);

} // namespace vexfs
