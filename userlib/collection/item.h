// SPDX-License-Identifier: Apache-2.0
//
// The items that make collections out of a store: their keys.
//
// A collection is one item under kCollectionsOid and two objects; the row map of a file lies under
// the file's own number, so that destroying the file destroys it in the same transaction. The types
// are beside those of the namespace.
//
// Threads: values.
#pragma once

#include "userlib/store/key.h"

namespace vexfs {

inline constexpr uint64_t kCollectionsOid = 3; // no file: all collections of the volume

enum class CollectionItem : uint8_t {
    kCollection = 16, // kCollectionsOid; sub: its directory; see catalogue.h
    kRows = 17,       // of a file; sub: row / kRowsOfPiece; see row_map.h
    kGraph = 18,      // of the object of a graph; see graph_file.h
};

inline Key collection_key(uint64_t oid, CollectionItem item, uint64_t sub = 0) {
    return {oid, static_cast<uint8_t>(item), sub, 0};
}

// Behind all of an object's items of that type.
inline Key collection_key_end(uint64_t oid, CollectionItem item) {
    return {oid, static_cast<uint8_t>(static_cast<uint8_t>(item) + 1), 0, 0};
}

} // namespace vexfs
