// SPDX-License-Identifier: Apache-2.0
#include "userlib/collection/catalogue.h"

#include "base/log.h"
#include "userlib/collection/item.h"

namespace vexfs {

namespace {

constexpr uint16_t kVersion = 1;
constexpr size_t kHeadBytes = 24;
constexpr size_t kItemsAtOnce = 256;

Key entry_key(uint64_t directory) {
    return collection_key(kCollectionsOid, CollectionItem::kCollection, directory);
}

} // namespace

Result<CollectionEntry> decode_collection(const StoreItem& item) {
    const Page& value = item.value;
    if (value.size() != kHeadBytes + kSchemaBytes || item.key.tie != 0)
        return fail(Code::kEUCLEAN, "collection: its item is malformed");
    if (load_le<uint16_t>(value.data()) != kVersion)
        return fail(Code::kEUCLEAN, "collection: its item has a version that is not known");
    if (load_le<uint16_t>(value.data() + 2) != 0 || load_le<uint32_t>(value.data() + 4) != 0)
        return fail(Code::kEUCLEAN, "collection: its item is malformed");
    CollectionEntry entry;
    entry.directory = item.key.sub;
    entry.vectors_oid = load_le<uint64_t>(value.data() + 8);
    entry.rows_oid = load_le<uint64_t>(value.data() + 16);
    if (entry.vectors_oid == 0 || entry.rows_oid == 0 || entry.vectors_oid == entry.rows_oid)
        return fail(Code::kEUCLEAN, "collection: its objects are not two");
    entry.schema = VEXFS_TRY(decode_schema(Bytes(value).subspan(kHeadBytes)));
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
    encode_schema(entry.schema, MutableBytes(value).subspan(kHeadBytes));
    transaction.put(entry_key(entry.directory), value);
}

void erase_collection(Transaction& transaction, const CollectionEntry& entry) {
    transaction.erase(entry_key(entry.directory));
    transaction.destroy(entry.vectors_oid);
    transaction.destroy(entry.rows_oid);
}

} // namespace vexfs
