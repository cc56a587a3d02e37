// SPDX-License-Identifier: Apache-2.0
//
// The data of objects: bytes at an offset, kept as records.
//
// A record that changed is kept whole in memory ("dirty") until it has blocks and an item; small
// ones go into the tree at once. Its stored form is made and written by others, while it may change
// again: install() takes only what is still the same. What is installed ahead of being written is
// kept, and read from memory, until it is. Trailing zeros of a record are not kept, a record of
// zeros is no record.
//
// Threads: read and dirty from many threads while nobody calls the others; the others from one. The
// store's lock sees to that.
#pragma once

#include "userlib/store/piece_batch.h"
#include "userlib/store/record_batch.h"
#include "userlib/store/undo.h"

namespace vexfs {

// A record as it was at a moment; it has changed if its content is another one.
struct DirtyRecord {
    RecordId id;
    RecordContent content;
    ObjectForm form;
};

// A part of an object's data that is to be read.
struct PieceRead {
    uint64_t offset = 0;
    MutableBytes out;
    Status status; // set by the read
};

class Objects {
  public:
    Objects(Device& device, const Layout& layout, Tree& tree, FreeMap& free_map, BlockCache& cache,
            DamageLog& damage_log);

    // What is not in memory comes from the device at once; pieces that have failed already are left
    // alone. Returns where blocks of vectors and other numbers came from.
    BlockCounts read(uint64_t oid, std::span<PieceRead> pieces, ReadWidth width) const;

    // Takes the records that begin in [offset, end) and are not in memory into the cache, with one
    // batch of the device. What cannot be read is left to read(), which says why. Returns how many.
    size_t prefetch(uint64_t oid, uint64_t offset, uint64_t end) const;

    Status write(uint64_t oid, uint64_t offset, Bytes bytes, Undo& undo);
    Status punch(uint64_t oid, uint64_t offset, uint64_t length, Undo& undo);
    // Forgets all dirty records of the object.
    void drop_dirty(uint64_t oid, Undo& undo);
    // Sets or removes an item of any type; what it referred to is given up.
    Status put_item(const PackedKey& key, Bytes value, Undo& undo);
    Status remove_item(const PackedKey& key, Undo& undo);
    // Of what is stored from now on. Lasts as long as this does.
    void set_form(uint64_t oid, const ObjectForm& form) { forms_[oid] = form; }
    // Brings a record back to what it was before the transaction.
    void restore(const Undo::RecordBefore& before);

    // Where the records begin that begin in [offset, end): the first count_max of them, in order.
    [[nodiscard]] Result<std::vector<uint64_t>> offsets(uint64_t oid, uint64_t offset, uint64_t end,
                                                        size_t count_max) const;

    // The bytes that records take on the device, of the first count_max that begin at `offset` or
    // behind it; `offset` is raised behind them, to UINT64_MAX if they are the last.
    [[nodiscard]] Result<uint64_t> stored_bytes(uint64_t oid, uint64_t& offset,
                                                size_t count_max) const;

    // The first dirty records, at most so many.
    [[nodiscard]] std::vector<DirtyRecord> dirty(size_t records_max) const;
    // Replaces a dirty record by its stored form, or gives that up if the record has changed since.
    Status install(const DirtyRecord& record, const StoredRecord& stored, uint64_t txg);
    // An installed record is not on disk before written().
    void keep(const DirtyRecord& record, const StoredRecord& stored);
    void written(const std::vector<StoredRecord>& records);

    [[nodiscard]] size_t dirty_records() const { return dirty_.size(); }
    [[nodiscard]] size_t dirty_bytes() const { return dirty_bytes_; }

  private:
    using Dirty = std::map<RecordId, RecordContent>;

    // A piece of a record that is read whole and is not in memory.
    struct Wanted {
        RecordId id;
        size_t begin = 0; // in the record
        MutableBytes out;
        Status* status = nullptr;
        size_t record = 0; // of those that are read
    };
    // What one read asks the device for.
    struct Asked {
        PieceBatch pieces;
        RecordBatch records;
        std::vector<Wanted> wanted; // of the records
        ReadWidth width = ReadWidth::kPiece;
    };

    // All of the record's bytes up to its last one that is not zero.
    Result<RecordContent> load(const RecordId& id) const;
    Result<RecordContent> load_stored(const RecordId& id, const RecordItem& record, ReadWidth width,
                                      size_t begin = 0) const;
    // Null: the device has to be asked.
    [[nodiscard]] RecordContent in_memory(const RecordItem& record, ReadWidth width,
                                          size_t begin) const;
    // What the device had, as it lies in the cache.
    static PageHandle in_cache_form(const RecordItem& record, Page content);
    RecordContent take_in(const RecordItem& record, Page content, ReadWidth width) const;
    // Those of items that prefetch() wants.
    [[nodiscard]] std::vector<RecordItem> absent(uint64_t oid, std::span<const Item> items) const;
    // All of a record that is not seekable, as it is cached in two forms.
    Result<Page> load_packed(uint64_t oid, const RecordItem& record, ReadWidth width) const;
    // Tells that the record cannot be read, and what to answer.
    [[nodiscard]] Error lost(const RecordId& id, uint64_t address, Error cause) const;
    [[nodiscard]] bool is_numbers(uint64_t oid) const;
    // The pool that it wants; empty if it has no wish.
    [[nodiscard]] std::string_view pool_of(uint64_t oid) const;
    // Whether pieces of it are kept as they are stored, and only so.
    [[nodiscard]] bool is_pieced(const RecordId& id, const RecordItem& record) const;
    // The items of records that begin in [offset, end).
    Result<std::vector<Item>> list_records(uint64_t oid, uint64_t offset, uint64_t end,
                                           size_t count_max) const;
    // Reads it, or has the device asked for it: piece `number`.
    Status read_piece(const Wanted& wanted, Asked& asked, size_t number) const;
    void read_wanted(Asked& asked) const;
    Status look_up(const RecordId& id) const;
    Status store_content(const RecordId& id, Page content, Undo& undo);
    Status zero_part(const RecordId& id, size_t begin, size_t end, Undo& undo);
    Status remove_record(const RecordId& id, Undo& undo);
    Status note_item(const PackedKey& key, Undo& undo);
    void set_dirty(const RecordId& id, RecordContent content, Undo& undo);
    [[nodiscard]] size_t record_bytes() const { return layout_.header().record_bytes; }

    Device& device_;
    const Layout& layout_;
    Tree& tree_;
    FreeMap& free_map_;
    BlockCache& cache_;
    DamageLog& damage_log_;
    Dirty dirty_;
    size_t dirty_bytes_ = 0;
    std::unordered_map<uint64_t, ObjectForm> forms_;
    std::unordered_map<uint64_t, RecordContent> unwritten_; // installed, by first block
};

} // namespace vexfs
