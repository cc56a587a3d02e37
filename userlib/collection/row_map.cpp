// SPDX-License-Identifier: Apache-2.0
#include "userlib/collection/row_map.h"

#include <algorithm>
#include <utility>

#include "userlib/collection/item.h"

namespace vexfs {

namespace {

constexpr size_t kPiecesAtOnce = 256;
constexpr uint32_t kPiecesOfChange = 32;

Error malformed() {
    return fail(Code::kEUCLEAN, "row map: a piece is malformed");
}

size_t rows_in(uint32_t piece, uint64_t rows) {
    return std::min<uint64_t>(kRowsOfPiece, rows - uint64_t{piece} * kRowsOfPiece);
}

// Adds a piece's slots to the map, if it is the next one.
Status take_piece(const StoreItem& item, uint64_t rows, RowMap& map) {
    const uint64_t piece = item.key.sub;
    if (item.key.tie != 0 || piece >= pieces_of(UINT32_MAX))
        return malformed();
    map.pieces = static_cast<uint32_t>(piece) + 1;
    if (piece >= pieces_of(rows)) // means nothing
        return ok();
    if (piece * kRowsOfPiece != map.slots.size())
        return fail(Code::kEUCLEAN, "row map: a piece is missing");
    const size_t head = piece == 0 ? kMapHeadBytes : 0;
    const size_t count = rows_in(static_cast<uint32_t>(piece), rows);
    if (item.value.size() != head + count * sizeof(uint32_t))
        return malformed();
    for (size_t i = 0; i < count; ++i)
        map.slots.push_back(load_le<uint32_t>(item.value.data() + head + i * sizeof(uint32_t)));
    return ok();
}

// Of the map of `slots`.
void put_piece(Transaction& transaction, uint64_t ino, uint64_t directory,
               std::span<const uint32_t> slots, uint32_t piece) {
    const size_t head = piece == 0 ? kMapHeadBytes : 0;
    const size_t count = slots.empty() ? 0 : rows_in(piece, slots.size());
    Page value(head + count * sizeof(uint32_t));
    if (piece == 0) {
        store_le<uint64_t>(value.data(), directory);
        store_le<uint32_t>(value.data() + 8, static_cast<uint32_t>(slots.size()));
    }
    for (size_t i = 0; i < count; ++i)
        store_le<uint32_t>(value.data() + head + i * sizeof(uint32_t),
                           slots[size_t{piece} * kRowsOfPiece + i]);
    transaction.put(row_map_key(ino, piece), value);
}

} // namespace

Key row_map_key(uint64_t ino, uint64_t piece) {
    return collection_key(ino, CollectionItem::kRows, piece);
}

Result<std::optional<RowMap>> read_row_map(Store& store, uint64_t ino) {
    std::optional<RowMap> map;
    uint64_t rows = 0;
    Key from = row_map_key(ino, 0);
    const Key end = collection_key_end(ino, CollectionItem::kRows);
    for (;;) {
        const std::vector<StoreItem> items = VEXFS_TRY(store.list(from, end, kPiecesAtOnce));
        for (const StoreItem& item : items) {
            if (!map) {
                if (item.key != row_map_key(ino, 0) || item.value.size() < kMapHeadBytes ||
                    load_le<uint32_t>(item.value.data() + 12) != 0)
                    return malformed();
                map.emplace();
                map->directory = load_le<uint64_t>(item.value.data());
                rows = load_le<uint32_t>(item.value.data() + 8);
                if (rows == 0 && item.value.size() != kMapHeadBytes)
                    return malformed();
            }
            VEXFS_TRY_VOID(take_piece(item, rows, *map));
        }
        if (items.size() < kPiecesAtOnce)
            break;
        from = PackedKey(items.back().key).next().unpacked();
    }
    if (map && map->slots.size() != rows)
        return fail(Code::kEUCLEAN, "row map: a piece is missing");
    return map;
}

void put_row_map(Transaction& transaction, uint64_t ino, uint64_t directory,
                 std::span<const uint32_t> slots, uint64_t first, uint64_t end) {
    put_piece(transaction, ino, directory, slots, 0);
    const uint32_t begin = std::max<uint32_t>(1, static_cast<uint32_t>(first / kRowsOfPiece));
    for (uint32_t piece = begin; piece < pieces_of(std::min<uint64_t>(end, slots.size())); ++piece)
        put_piece(transaction, ino, directory, slots, piece);
}

Status put_map_pieces_ahead(Store& store, uint64_t ino, uint64_t directory,
                            std::span<const uint32_t> slots, uint64_t rows) {
    uint32_t piece = std::max(1U, pieces_of(rows));
    bool empty = rows == 0; // pieces need a first one before them
    while (piece < pieces_of(slots.size())) {
        Transaction transaction;
        if (std::exchange(empty, false))
            put_piece(transaction, ino, directory, {}, 0);
        for (uint32_t left = kPiecesOfChange; left > 0 && piece < pieces_of(slots.size()); --left)
            put_piece(transaction, ino, directory, slots, piece++);
        VEXFS_TRY_VOID(store.apply(transaction));
    }
    return ok();
}

Status erase_map_pieces(Store& store, uint64_t ino, uint32_t from, uint32_t end) {
    while (end > from) {
        Transaction transaction;
        for (uint32_t left = kPiecesOfChange; left > 0 && end > from; --left)
            transaction.erase(row_map_key(ino, --end));
        VEXFS_TRY_VOID(store.apply(transaction, Space::kFreeing));
    }
    return ok();
}

Status for_each_row_map(Store& store, const std::function<Status(uint64_t ino)>& visit) {
    Key from = row_map_key(1, 0);
    for (;;) {
        const std::vector<StoreItem> next =
            VEXFS_TRY(store.list(from, PackedKey::highest().unpacked(), 1));
        if (next.empty())
            return ok();
        const Key& key = next[0].key;
        const auto type = static_cast<uint8_t>(CollectionItem::kRows);
        if (key.type == type)
            VEXFS_TRY_VOID(visit(key.oid));
        // An item of a lower type: the map of this object, if it has one, is still ahead.
        from = key.type < type ? row_map_key(key.oid, 0) : row_map_key(key.oid + 1, 0);
    }
}

} // namespace vexfs
