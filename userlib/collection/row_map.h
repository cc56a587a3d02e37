// SPDX-License-Identifier: Apache-2.0
//
// The row map of a file: which slot holds each of its rows. It is the truth about which rows exist.
//
// It lies in pieces of 256 rows under the file. Piece 0 says how many rows there are; pieces behind
// those rows mean nothing: they are what was left of a drop that a crash cut off.
//
// Threads: pure functions on a store that any thread uses.
#pragma once

#include <functional>

#include "userlib/store/store.h"

namespace vexfs {

inline constexpr uint32_t kRowsOfPiece = 256;
inline constexpr size_t kMapHeadBytes = 16; // of piece 0
inline constexpr uint32_t kNoSlot = UINT32_MAX;

struct RowMap {
    uint64_t directory = 0; // of the collection
    std::vector<uint32_t> slots;
    uint32_t pieces = 0; // one beyond the last that is there
};

// EUCLEAN if it is malformed or a piece is missing; nothing if the file has none.
Result<std::optional<RowMap>> read_row_map(Store& store, uint64_t ino);

// The key of a piece, for a store that is to read ahead.
Key row_map_key(uint64_t ino, uint64_t piece);

constexpr uint32_t pieces_of(uint64_t rows) {
    return static_cast<uint32_t>((rows + kRowsOfPiece - 1) / kRowsOfPiece);
}

// Makes `slots` the rows of the file, of which those in [first, end) changed; the last row counts
// as changed if there were more. Pieces behind the rows stay until erase_map_pieces().
void put_row_map(Transaction& transaction, uint64_t ino, uint64_t directory,
                 std::span<const uint32_t> slots, uint64_t first, uint64_t end);

// Puts the pieces of `slots` that the file has no rows of yet, a few at a time: what put_row_map()
// need not put then. They mean nothing before it says so. `rows` is how many rows the file has.
Status put_map_pieces_ahead(Store& store, uint64_t ino, uint64_t directory,
                            std::span<const uint32_t> slots, uint64_t rows);

// Erases the pieces in [from, end), a few at a time, the last ones first, so that what a crash
// leaves is a map. Piece 0 goes only if the file has no rows.
Status erase_map_pieces(Store& store, uint64_t ino, uint32_t from, uint32_t end);

// Calls visit(ino) for every file of the volume that has a row map. It looks at every object.
Status for_each_row_map(Store& store, const std::function<Status(uint64_t ino)>& visit);

} // namespace vexfs
