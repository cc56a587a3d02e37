// SPDX-License-Identifier: Apache-2.0
#include "userlib/collection/catalogue.h"

#include <algorithm>

#include "base/log.h"
#include "userlib/collection/item.h"

namespace vexfs {

namespace {

// An item of version 1 has no graphs.
constexpr uint16_t kVersion = 2;
constexpr size_t kHeadBytesWithoutGraphs = 24;
constexpr size_t kHeadBytes = 40;
constexpr size_t kItemsAtOnce = 256;

Key entry_key(uint64_t directory) {
    return collection_key(kCollectionsOid, CollectionItem::kCollection, directory);
}

} // namespace

std::vector<uint64_t> CollectionEntry::objects() const {
    std::vector<uint64_t> there{vectors_oid, rows_oid};
    for (const uint64_t oid : graph_oids)
        if (oid != 0)
            there.push_back(oid);
    return there;
}

Result<CollectionEntry> decode_collection(const StoreItem& item) {
    const Page& value = item.value;
    if (value.size() < kHeadBytesWithoutGraphs || item.key.tie != 0)
        return fail(Code::kEUCLEAN, "collection: its item is malformed");
    const auto version = load_le<uint16_t>(value.data());
    if (version == 0 || version > kVersion)
        return fail(Code::kEUCLEAN, "collection: its item has a version that is not known");
    const size_t head = version == 1 ? kHeadBytesWithoutGraphs : kHeadBytes;
    if (value.size() != head + kSchemaBytes)
        return fail(Code::kEUCLEAN, "collection: its item is malformed");
    if (load_le<uint16_t>(value.data() + 2) != 0 || load_le<uint32_t>(value.data() + 4) != 0)
        return fail(Code::kEUCLEAN, "collection: its item is malformed");
    CollectionEntry entry;
    entry.directory = item.key.sub;
    entry.vectors_oid = load_le<uint64_t>(value.data() + 8);
    entry.rows_oid = load_le<uint64_t>(value.data() + 16);
    for (size_t i = 0; version > 1 && i < entry.graph_oids.size(); ++i)
        entry.graph_oids[i] = load_le<uint64_t>(value.data() + 24 + 8 * i);
    std::vector<uint64_t> objects = entry.objects();
    std::ranges::sort(objects);
    if (entry.vectors_oid == 0 || entry.rows_oid == 0 ||
        (entry.graph_oids[0] == 0) != (entry.graph_oids[1] == 0) ||
        std::ranges::adjacent_find(objects) != objects.end())
        return fail(Code::kEUCLEAN, "collection: its objects are not two or four");
    entry.schema = VEXFS_TRY(decode_schema(Bytes(value).subspan(head)));
    return entry;
}

Result<std::vector<CollectionEntry>> list_collections(Store& store) {
    std::vector<CollectionEntry> entries;
    Key from = entry_key(0);
    const Key end = collection_key_end(kCollectionsOid, CollectionItem::kCollection);
    for (;;) {
        const std::vector<StoreItem> items = VEXFS_TRY(store.list(from, end, kItemsAtOnce));
        for (const StoreItem& item : items) {
            Result<CollectionEntry> entry = decode_collection(item);
            if (entry)
                entries.push_back(*entry);
            else
                log(LogLevel::kError, "collection", "a collection cannot be used",
                    {{"directory", item.key.sub}, {"cause", entry.error()}});
        }
        if (items.size() < kItemsAtOnce)
            return entries;
        from = PackedKey(items.back().key).next().unpacked();
    }
}

Result<std::optional<CollectionEntry>> find_collection(Store& store, uint64_t directory) {
    std::optional<Page> value = VEXFS_TRY(store.get(entry_key(directory)));
    if (!value)
        return std::optional<CollectionEntry>();
    return std::optional<CollectionEntry>(
        VEXFS_TRY(decode_collection({entry_key(directory), std::move(*value)})));
}

void put_collection(Transaction& transaction, const CollectionEntry& entry) {
    Page value(kHeadBytes + kSchemaBytes);
    store_le<uint16_t>(value.data(), kVersion);
    store_le<uint64_t>(value.data() + 8, entry.vectors_oid);
    store_le<uint64_t>(value.data() + 16, entry.rows_oid);
    store_le<uint64_t>(value.data() + 24, entry.graph_oids[0]);
    store_le<uint64_t>(value.data() + 32, entry.graph_oids[1]);
    encode_schema(entry.schema, MutableBytes(value).subspan(kHeadBytes));
    transaction.put(entry_key(entry.directory), value);
}

void erase_collection(Transaction& transaction, const CollectionEntry& entry) {
    transaction.erase(entry_key(entry.directory));
    for (const uint64_t oid : entry.objects())
        transaction.destroy(oid);
}

} // namespace vexfs
