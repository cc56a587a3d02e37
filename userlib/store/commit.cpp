// SPDX-License-Identifier: Apache-2.0
//
// How memory becomes disk: a commit in three stages, and sync.
//
// freeze:  takes everything of the open txg aside; the next txg begins. Writer lock, so most of the
//          data is written before it, while others go on.
// write:   data, nodes, bitmaps, summary; flush; uberblock; flush. No lock: others go on.
// publish: addresses take the place of what was in memory, quarantine moves on. Writer lock.
#include "userlib/store/store.h"

#include <algorithm>

#include "base/log.h"

namespace vexfs {

namespace {
constexpr size_t kBatchRecords = 64;
constexpr size_t kListAtOnce = 256; // items, while writers wait
// Writers that are faster than the disk are not waited for any longer.
constexpr int kPlacePassesMax = 4;
} // namespace

Status Store::check_writable() const {
    if (options_.read_only)
        return fail(Code::kEROFS, "store: opened read-only");
    if (suspended())
        return fail(Code::kEIO, "store: suspended after a failed write or flush");
    return ok();
}

Status Store::check_sound() const {
    if (in_doubt_.load(std::memory_order_acquire))
        return fail(Code::kEIO, "store: a change was cut off in the middle");
    return ok();
}

void Store::doubt() {
    in_doubt_.store(true, std::memory_order_release);
    // Where even the line in the log finds no memory, the flag is what counts.
    (void)guarded([&] { return suspend(fail(Code::kEIO, "store: a change was cut off")); });
}

// After a failed write or flush nobody knows what is durable. Trying again could acknowledge what
// is lost, so the store stops to acknowledge anything.
Status Store::suspend(Status outcome) {
    if (!outcome && !suspended_.exchange(true, std::memory_order_acq_rel))
        log(LogLevel::kError, "store", "suspended: nothing is acknowledged any more",
            {{"code", name_of(outcome.error().code)}, {"step", outcome.error().what}});
    return outcome;
}

// Gives records blocks and their stored form, which mean nothing to anybody yet.
Result<std::vector<StoredRecord>> Store::encode(const std::vector<DirtyRecord>& records,
                                                uint64_t txg) {
    std::vector<StoredRecord> stored;
    stored.reserve(records.size());
    for (const DirtyRecord& record : records) {
        stored.push_back(VEXFS_TRY(encode_record(*record.content, coder_,
                                                 record.form.compression.value_or(compression_),
                                                 record.form.block, free_map_, txg)));
        Stored& sum = record.form.numbers ? stored_numbers_ : stored_bytes_;
        sum.plain += record.content->size();
        sum.stored += stored.back().blocks.bytes().size();
    }
    return stored;
}

// A record is on disk before anybody learns where, so neither its compression nor its way to the
// disk needs the lock. One that changes meanwhile stays dirty.
Result<bool> Store::place_slice(size_t records_max) {
    Change writing(*this);
    std::vector<DirtyRecord> records;
    uint64_t txg = 0; // only a commit changes it
    {
        ReadLock lock(lock_);
        records = objects_.dirty(records_max);
        txg = txg_;
    }
    Result<std::vector<StoredRecord>> stored = encode(records, txg);
    if (!stored)
        return suspend(stored.error()).error();
    VEXFS_TRY_VOID(suspend(write_records(*stored)));
    WriteLock lock(lock_);
    Change installing(*this);
    for (size_t i = 0; i < records.size(); ++i)
        VEXFS_TRY_VOID(suspend(objects_.install(records[i], (*stored)[i], txg)));
    return objects_.dirty_records() > 0;
}

// Leaves little for the freeze to place.
Status Store::place_ahead() {
    for (int pass = 0; pass < kPlacePassesMax; ++pass) {
        size_t left = 0;
        {
            ReadLock lock(lock_);
            left = objects_.dirty_records();
        }
        if (left <= options_.freeze_records_max)
            return ok();
        for (size_t slice = 0; left > 0; left -= slice) {
            slice = std::min(left, kBatchRecords);
            VEXFS_TRY(place_slice(slice));
        }
    }
    return ok();
}

Status Store::freeze() {
    WriteLock lock(lock_);
    Change change(*this);
    job_ = Job{};
    const std::vector<DirtyRecord> records = objects_.dirty(SIZE_MAX);
    job_.records = VEXFS_TRY(encode(records, txg_));
    for (size_t i = 0; i < records.size(); ++i) {
        VEXFS_TRY_VOID(objects_.install(records[i], job_.records[i], txg_));
        objects_.keep(records[i], job_.records[i]);
    }
    job_.txg = txg_;
    job_.operation = operation_;
    job_.mark = log_.mark();
    job_.tree = tree_.freeze(txg_ + 1);
    frozen_nodes_ = job_.tree.nodes->size();
    ++txg_;
    return ok();
}

Status Store::write_records(std::vector<StoredRecord>& records) {
    for (size_t done = 0; done < records.size(); done += kBatchRecords) {
        std::vector<Io> batch;
        for (size_t i = done; i < std::min(records.size(), done + kBatchRecords); ++i)
            add_writes(records[i], batch);
        VEXFS_TRY_VOID(device_.write(batch));
    }
    return ok();
}

Status Store::write_job() {
    Change change(*this);
    VEXFS_TRY_VOID(write_records(job_.records));
    job_.written =
        VEXFS_TRY(write_tree(job_.tree, device_, free_map_, job_.txg, options_.node_copies));
    // Labels 2 and 3 get the commit in force along with the writes of the next.
    VEXFS_TRY_VOID(label_.write_far(uberblock_));
    const FreeMap::Written map = VEXFS_TRY(free_map_.write(device_, job_.txg));

    Uberblock& next = job_.uberblock;
    next = uberblock_;
    next.epoch = epoch_;
    next.txg = job_.txg;
    next.root = job_.written.root;
    next.log_position = job_.mark.position;
    next.log_sequence = job_.mark.sequence;
    next.log_chain = job_.mark.chain;
    next.summary_slot = map.summary_slot;
    next.summary_checksum = map.summary_checksum;
    next.used_blocks = map.used_blocks;
    VEXFS_TRY_VOID(device_.flush());
    VEXFS_TRY_VOID(label_.write(next));
    return device_.flush();
}

void Store::publish() {
    WriteLock lock(lock_);
    Change change(*this);
    uberblock_ = job_.uberblock;
    tree_.publish(job_.written);
    objects_.written(job_.records);
    for (auto& [address, page] : job_.written.pages)
        cache_.put(address, page);
    frozen_nodes_ = 0;
    free_map_.committed(job_.txg);
    log_.committed(job_.txg, job_.operation, job_.mark);
    job_ = Job{};
}

Status Store::run_stage() {
    VEXFS_TRY_VOID(check_writable());
    switch (stage_) {
    case Stage::kIdle:
        VEXFS_TRY_VOID(place_ahead());
        VEXFS_TRY_VOID(suspend(freeze()));
        stage_ = Stage::kWrite;
        return ok();
    case Stage::kWrite:
        VEXFS_TRY_VOID(suspend(write_job()));
        stage_ = Stage::kPublish;
        return ok();
    case Stage::kPublish:
        publish();
        stage_ = Stage::kIdle;
        return ok();
    }
    return ok();
}

Result<bool> Store::step_commit() {
    return guarded([&]() -> Result<bool> {
        MutexLock lock(commit_mutex_);
        VEXFS_TRY_VOID(run_stage());
        return stage_ != Stage::kIdle;
    });
}

Status Store::commit() {
    return guarded([&]() -> Status {
        MutexLock lock(commit_mutex_);
        // One that is under way does not have what came after its freeze.
        while (stage_ != Stage::kIdle)
            VEXFS_TRY_VOID(run_stage());
        do
            VEXFS_TRY_VOID(run_stage());
        while (stage_ != Stage::kIdle);
        return ok();
    });
}

Status Store::sync() {
    return guarded([&] { return sync_log(); });
}

Status Store::sync_log() {
    VEXFS_TRY_VOID(check_writable());
    uint64_t operation = 0;
    {
        ReadLock lock(lock_);
        operation = operation_;
    }
    for (;;) {
        const Result<Log::Sync> outcome = log_.sync(operation);
        if (!outcome)
            return suspend(outcome.error());
        if (outcome.value() == Log::Sync::kDurable)
            return ok();
        VEXFS_TRY_VOID(commit());
    }
}

bool Store::clean() {
    if (free_map_.quarantined_blocks() > 0)
        return false;
    ReadLock lock(lock_);
    return tree_.dirty_nodes() == 0 && objects_.dirty_records() == 0 && frozen_nodes_ == 0;
}

Status Store::close() {
    if (options_.read_only)
        return ok();
    return commit();
}

Result<bool> Store::step_place(size_t records) {
    return guarded([&]() -> Result<bool> {
        MutexLock lock(commit_mutex_);
        VEXFS_TRY_VOID(check_writable());
        return place_slice(records);
    });
}

Result<std::optional<Page>> Store::get(const Key& key) {
    return guarded([&]() -> Result<std::optional<Page>> {
        ReadLock lock(lock_);
        VEXFS_TRY_VOID(check_sound());
        VEXFS_TRY_VOID(check_replayed(PackedKey(key), PackedKey(key).next()));
        return tree_.get(PackedKey(key));
    });
}

Result<std::vector<StoreItem>> Store::list(const Key& from, const Key& end, size_t items_max) {
    return guarded([&]() -> Result<std::vector<StoreItem>> {
        std::vector<Item> items;
        {
            ReadLock lock(lock_);
            VEXFS_TRY_VOID(check_sound());
            items = VEXFS_TRY(tree_.list(PackedKey(from), PackedKey(end), items_max));
            const bool cut = !items.empty() && items.size() == items_max;
            VEXFS_TRY_VOID(
                check_replayed(PackedKey(from), cut ? items.back().key.next() : PackedKey(end)));
        }
        std::vector<StoreItem> unpacked;
        unpacked.reserve(items.size());
        for (Item& item : items)
            unpacked.push_back({item.key.unpacked(), std::move(item.value)});
        return unpacked;
    });
}

Status Store::read(uint64_t oid, uint64_t offset, MutableBytes out, ReadWidth width) {
    PieceRead piece{offset, out, ok()};
    VEXFS_TRY(read(oid, {&piece, 1}, width));
    return piece.status;
}

Result<BlockCounts> Store::read(uint64_t oid, std::span<PieceRead> pieces, ReadWidth width) {
    for (const PieceRead& piece : pieces) {
        uint64_t end = 0;
        if (!checked_add(piece.offset, uint64_t{piece.out.size()}, end))
            return fail(Code::kEINVAL, "store: the range ends behind the largest offset");
    }
    return guarded([&]() -> Result<BlockCounts> {
        ReadLock lock(lock_);
        VEXFS_TRY_VOID(check_sound());
        for (PieceRead& piece : pieces) {
            const KeyRange range = range_of(oid, piece.offset, piece.out.size());
            piece.status = check_replayed(range.from, range.end);
        }
        return objects_.read(oid, pieces, width);
    });
}

size_t Store::prefetch(uint64_t oid, uint64_t offset, uint64_t end) {
    const Result<size_t> read = guarded([&]() -> Result<size_t> {
        ReadLock lock(lock_);
        VEXFS_TRY_VOID(check_sound());
        return objects_.prefetch(oid, offset - offset % layout_.header().record_bytes, end);
    });
    return read ? *read : 0;
}

void Store::prefetch(std::span<const Key> keys) {
    static_cast<void>(guarded([&]() -> Status {
        const std::vector<PackedKey> packed(keys.begin(), keys.end());
        ReadLock lock(lock_);
        VEXFS_TRY_VOID(check_sound());
        tree_.prefetch(packed);
        return ok();
    }));
}

Result<uint64_t> Store::stored_bytes(uint64_t oid) {
    return guarded([&]() -> Result<uint64_t> {
        uint64_t bytes = 0;
        for (uint64_t offset = 0; offset != UINT64_MAX;) {
            ReadLock lock(lock_);
            VEXFS_TRY_VOID(check_sound());
            bytes += VEXFS_TRY(objects_.stored_bytes(oid, offset, kListAtOnce));
        }
        return bytes;
    });
}

Status Store::set_form(uint64_t oid, const ObjectForm& form) {
    return guarded([&]() -> Status {
        WriteLock lock(lock_);
        objects_.set_form(oid, form);
        return ok();
    });
}

void Store::set_compression(const Compression& compression) {
    MutexLock lock(commit_mutex_);
    compression_ = compression;
}

Compression Store::compression() {
    MutexLock lock(commit_mutex_);
    return compression_;
}

Result<std::vector<uint64_t>> Store::records(uint64_t oid, uint64_t offset, uint64_t end,
                                             size_t count_max) {
    return guarded([&]() -> Result<std::vector<uint64_t>> {
        ReadLock lock(lock_);
        VEXFS_TRY_VOID(check_sound());
        VEXFS_TRY_VOID(check_replayed(record_key(oid, offset), record_key(oid, end)));
        return objects_.offsets(oid, offset, end, count_max);
    });
}

size_t Store::dirty_bytes_locked() {
    return objects_.dirty_bytes() + tree_.dirty_nodes() * layout_.header().node_bytes;
}

size_t Store::dirty_bytes() {
    ReadLock lock(lock_);
    return dirty_bytes_locked();
}

uint64_t Store::txg() {
    ReadLock lock(lock_);
    return txg_;
}

StoreUsage Store::usage() {
    WriteLock lock(lock_);
    StoreUsage usage;
    usage.capacity_blocks = layout_.capacity_blocks();
    uint64_t free = free_map_.free_blocks();
    if (damage_.free_map) // then nobody has counted
        free -= std::min(free, uberblock_.used_blocks);
    usage.used_blocks = usage.capacity_blocks - free;
    const uint64_t taken = outstanding_blocks() + slop_blocks(Space::kNormal);
    usage.available_blocks = free > taken ? free - taken : 0;
    return usage;
}

} // namespace vexfs
