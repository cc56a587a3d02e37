// SPDX-License-Identifier: Apache-2.0
#include "userlib/collection/check.h"

#include <algorithm>

#include "base/guard.h"
#include "index/kernels/page_shape.h"
#include "userlib/collection/catalogue.h"
#include "userlib/collection/graph_file.h"
#include "userlib/collection/item.h"
#include "userlib/collection/row_map.h"
#include "userlib/collection/row_record.h"
#include "userlib/collection/stored_vectors.h"

namespace vexfs {

namespace {

constexpr size_t kItemsAtOnce = 256;

// First all collections, then all row maps, then the rows in the order of their slots.
class Checker {
  public:
    explicit Checker(Store& store) : store_(store) {}

    CollectionsReport run() {
        if (const Status status = check_all(); !status)
            find(fail(status.error().code, "collection: the tree cannot be read"), 0);
        return std::move(report_);
    }

  private:
    struct Row {
        uint32_t collection = 0; // index
        uint32_t slot = 0;
        RowId id;
    };

    void find(Error error, uint64_t directory, uint64_t ino = 0, uint32_t row = 0) {
        ++report_.problems;
        if (report_.findings.size() < CollectionsReport::kFindingsMax)
            report_.findings.push_back({error, directory, ino, row});
    }
    void find(const char* what, uint64_t directory, uint64_t ino = 0, uint32_t row = 0) {
        find(fail(Code::kEUCLEAN, what), directory, ino, row);
    }

    Status check_all() {
        VEXFS_TRY_VOID(list_orphans());
        VEXFS_TRY_VOID(check_catalogue());
        check_objects();
        VEXFS_TRY_VOID(for_each_row_map(store_, [this](uint64_t ino) { return check_map(ino); }));
        check_slots();
        VEXFS_TRY_VOID(check_records());
        for (const CollectionEntry& entry : entries_)
            for (const uint64_t oid : entry.graph_oids)
                if (oid != 0 && !orphaned(oid))
                    VEXFS_TRY_VOID(check_graph(entry.directory, entry.schema.dim, oid));
        return ok();
    }

    template <typename Visit>
    Status for_each_item(Key from, const Key& end, Visit visit) {
        for (;;) {
            const std::vector<StoreItem> items = VEXFS_TRY(store_.list(from, end, kItemsAtOnce));
            for (const StoreItem& item : items)
                visit(item);
            if (items.size() < kItemsAtOnce)
                return ok();
            from = PackedKey(items.back().key).next().unpacked();
        }
    }

    Status list_orphans() {
        const auto type = static_cast<uint8_t>(ItemType::kOrphan);
        return for_each_item({kVolumeOid, type, 0, 0},
                             {kVolumeOid, static_cast<uint8_t>(type + 1), 0, 0},
                             [this](const StoreItem& item) { orphans_.push_back(item.key.sub); });
    }
    [[nodiscard]] bool orphaned(uint64_t oid) const {
        return std::ranges::binary_search(orphans_, oid);
    }

    Status check_catalogue() {
        report_.objects.push_back(kCollectionsOid);
        return for_each_item({kCollectionsOid, 0, 0, 0}, {kCollectionsOid + 1, 0, 0, 0},
                             [this](const StoreItem& item) { take_entry(item); });
    }

    void take_entry(const StoreItem& item) {
        if (item.key.type != static_cast<uint8_t>(CollectionItem::kCollection))
            return find("collection: an item of a kind that is not known", item.key.sub);
        const Result<CollectionEntry> entry = decode_collection(item);
        if (!entry)
            return find(entry.error(), item.key.sub);
        ++report_.collections;
        entries_.push_back(*entry);
        for (const uint64_t oid : entry->objects()) {
            report_.objects.push_back(oid);
            if (orphaned(oid))
                find("collection: its data is being erased", entry->directory);
        }
    }

    void check_objects() {
        std::ranges::sort(report_.objects);
        for (const CollectionEntry& entry : entries_)
            for (const uint64_t oid : entry.objects())
                if (std::ranges::count(report_.objects, oid) > 1)
                    find("collection: an object is that of another one, too", entry.directory);
    }

    Status check_map(uint64_t ino) {
        if (orphaned(ino))
            return ok();
        const Result<std::optional<RowMap>> read = read_row_map(store_, ino);
        if (!read && read.error().code != Code::kEUCLEAN)
            return read.error();
        if (!read) {
            find(read.error(), 0, ino);
            return ok();
        }
        const RowMap& map = **read;
        report_.leftovers += map.pieces - std::min(map.pieces, pieces_of(map.slots.size()));
        const auto found =
            std::ranges::lower_bound(entries_, map.directory, {}, &CollectionEntry::directory);
        if (found == entries_.end() || found->directory != map.directory) {
            find("row map: its collection is not there", map.directory, ino);
            return ok();
        }
        report_.files += map.slots.empty() ? 0 : 1;
        report_.rows += map.slots.size();
        const auto collection = static_cast<uint32_t>(found - entries_.begin());
        for (uint32_t row = 0; row < map.slots.size(); ++row) {
            if (map.slots[row] >= index::kMaxSlots)
                find("row map: a slot beyond the largest", map.directory, ino, row);
            else
                rows_.push_back({collection, map.slots[row], {ino, row}});
        }
        return ok();
    }

    void check_slots() {
        std::ranges::sort(rows_, [](const Row& a, const Row& b) {
            return std::tie(a.collection, a.slot, a.id) < std::tie(b.collection, b.slot, b.id);
        });
        for (size_t i = 1; i < rows_.size(); ++i)
            if (rows_[i].collection == rows_[i - 1].collection &&
                rows_[i].slot == rows_[i - 1].slot)
                find("row map: a slot that another row has, too",
                     entries_[rows_[i].collection].directory, rows_[i].id.ino, rows_[i].id.row);
    }

    // What cannot be read is not sound for the store's check. A slot that two rows have was found.
    Status check_records() {
        for (size_t i = 0; i < rows_.size(); ++i) {
            const Row& row = rows_[i];
            if (i > 0 && row.collection == rows_[i - 1].collection && row.slot == rows_[i - 1].slot)
                continue;
            const CollectionEntry& entry = entries_[row.collection];
            std::array<std::byte, kRowRecordBytes> bytes{};
            const Status read =
                store_.read(entry.rows_oid, uint64_t{row.slot} * kRowRecordBytes, bytes);
            if (!read && !is_damage(read.error()))
                return read;
            if (read && decode_row_record(bytes.data()).id != row.id)
                find("row: what is stored of it is another one's", entry.directory, row.id.ino,
                     row.id.row);
        }
        return ok();
    }

    // That a page is damaged is for the store's check to tell; what pages say of links is for the
    // loader, which takes no harm.
    Status check_graph(uint64_t directory, uint32_t dim, uint64_t oid) {
        const GraphFile file(store_, oid);
        const Result<std::optional<GraphHead>> head = file.read_head();
        if (!head && head.error().code != Code::kEUCLEAN)
            return head.error();
        if (!head)
            find(head.error(), directory);
        if (!head || !*head)
            return ok();
        if (const auto codec = file.read_codec(**head, dim);
            !codec && !is_store_damage(codec.error()))
            find(codec.error(), directory);
        Page bytes(kGraphPageBytes);
        for (const uint32_t number : VEXFS_TRY(file.pages())) {
            const Result<bool> read = file.read_page(number, bytes);
            if (!read && !is_damage(read.error()))
                return read.error();
            if (!read || !*read)
                continue;
            const auto page =
                GraphPage::parse(bytes, (*head)->code_bytes, (*head)->generation, number);
            if (!page)
                find(page.error(), directory);
        }
        return ok();
    }
    static bool is_store_damage(const Error& error) { return error.code == Code::kEIO; }

    Store& store_;
    CollectionsReport report_;
    std::vector<uint64_t> orphans_;
    std::vector<CollectionEntry> entries_; // by directory
    std::vector<Row> rows_;
};

} // namespace

CollectionsReport check_collections(Store& store) {
    const auto run = [&]() -> Result<CollectionsReport> {
        return Checker(store).run();
    };
    Result<CollectionsReport> report = guard(fail(Code::kENOMEM, "check: no memory"), run);
    if (report)
        return std::move(*report);
    CollectionsReport cut_off;
    cut_off.problems = 1;
    return cut_off;
}

} // namespace vexfs
