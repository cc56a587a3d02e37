// SPDX-License-Identifier: Apache-2.0
//
// How a transaction takes effect: what it may ask for, what it may cost, and all of it or nothing.
#include "userlib/store/store.h"

#include <algorithm>

#include "base/log.h"

namespace vexfs {

namespace {

// More records than this in one punch could not be admitted on a small volume; Store::punch makes
// slices.
constexpr size_t kPunchRecordsMax = 16;
constexpr uint64_t kWriteBytesMax = uint64_t{1} << 20;
constexpr size_t kReapItemsMax = 4096; // at a time: writers wait meanwhile

uint64_t records_touched(uint64_t offset, uint64_t length, uint64_t record_bytes) {
    return (offset + length - 1) / record_bytes - offset / record_bytes + 1;
}

PackedKey object_begin(uint64_t oid) {
    return PackedKey(Key{oid, 0, 0, 0});
}

} // namespace

Status Store::check_operation(const Operation& operation, Author author) const {
    if (operation.kind == OperationKind::kPut || operation.kind == OperationKind::kErase) {
        const Key key = operation.key.unpacked();
        const bool counts =
            author == Author::kStore && key.type == static_cast<uint8_t>(ItemType::kCounter);
        const bool own = key.oid == kVolumeOid && !counts;
        if (own || key.oid == UINT64_MAX || key.type == static_cast<uint8_t>(ItemType::kRecord))
            return fail(Code::kEINVAL, "transaction: the key is reserved for the store");
        if (operation.bytes.size() > node_value_bytes_max(layout_.header().node_bytes))
            return fail(Code::kEINVAL, "transaction: the value is longer than a node may hold");
        return ok();
    }
    if (operation.oid == kVolumeOid || operation.oid == UINT64_MAX)
        return fail(Code::kEINVAL, "transaction: the object number is reserved");
    const uint64_t length =
        operation.kind == OperationKind::kWrite ? operation.bytes.size() : operation.length;
    uint64_t end = 0;
    if (!checked_add(operation.offset, length, end))
        return fail(Code::kEINVAL, "transaction: the range ends behind the largest offset");
    if (operation.kind == OperationKind::kWrite && length > kWriteBytesMax)
        return fail(Code::kEINVAL, "transaction: a write of more than 1 MiB");
    return ok();
}

Status Store::check_transaction(Bytes transaction, Author author) const {
    ByteReader reader(transaction);
    while (reader.remaining() > 0)
        VEXFS_TRY_VOID(check_operation(VEXFS_TRY(next_operation(reader)), author));
    return ok();
}

// Reads into the cache what the transaction will need, so that the writer lock is rarely held
// across a read. That a node cannot be read is found again, and reported, by apply.
void Store::warm(Bytes transaction) {
    ReadLock lock(lock_);
    std::vector<PackedKey> keys;
    ByteReader reader(transaction);
    while (check_sound() && reader.remaining() > 0) {
        const Result<Operation> operation = next_operation(reader);
        if (!operation)
            return;
        const uint64_t record = layout_.header().record_bytes;
        const bool item = operation.value().kind == OperationKind::kPut ||
                          operation.value().kind == OperationKind::kErase;
        const PackedKey key =
            item ? operation.value().key
                 : record_key(operation.value().oid,
                              operation.value().offset - operation.value().offset % record);
        if (!tree_.at_hand(key))
            keys.push_back(key);
    }
    std::sort(keys.begin(), keys.end());
    tree_.prefetch(keys);
}

// What one put may make the next commit write in the worst case: its path, a split on each level
// and a root more.
uint64_t Store::put_blocks() {
    return (2 * (uint64_t{tree_.height()} + 1) + 1) * layout_.node_blocks() * options_.node_copies;
}

Result<uint64_t> Store::cost_blocks(Bytes transaction) {
    uint64_t puts = 0;
    uint64_t records = 0;
    ByteReader reader(transaction);
    while (reader.remaining() > 0) {
        const Operation operation = VEXFS_TRY(next_operation(reader));
        const uint64_t record = layout_.header().record_bytes;
        if (operation.kind == OperationKind::kWrite && !operation.bytes.empty()) {
            const uint64_t touched =
                records_touched(operation.offset, operation.bytes.size(), record);
            puts += touched;
            records += touched;
        } else if (operation.kind == OperationKind::kPunch) {
            const uint64_t end = operation.offset + operation.length;
            const size_t count = VEXFS_TRY(objects_.offsets(operation.oid, operation.offset, end,
                                                            kPunchRecordsMax + 1))
                                     .size();
            if (count > kPunchRecordsMax)
                return fail(Code::kEINVAL, "transaction: a punch of too many records");
            // A record that the punch cuts is written anew.
            const uint64_t cut =
                (operation.offset % record != 0 ? 1 : 0) + (end % record != 0 ? 1 : 0);
            puts += count + cut;
            records += cut;
        } else {
            ++puts;
        }
    }
    return puts * put_blocks() + records * layout_.record_blocks();
}

// What the commit of everything in memory will take.
uint64_t Store::outstanding_blocks() {
    const uint64_t nodes = tree_.dirty_nodes() + frozen_nodes_;
    return nodes * layout_.node_blocks() * options_.node_copies +
           objects_.dirty_records() * (layout_.record_blocks() + put_blocks());
}

uint64_t Store::slop_blocks(Space space) const {
    const uint64_t capacity = layout_.capacity_blocks();
    const uint64_t slop = std::min(capacity / 2, std::max(capacity / 32, options_.slop_blocks_min));
    switch (space) {
    case Space::kNormal:
        return slop;
    case Space::kFreeing:
        return slop / 2;
    case Space::kAdmin:
        return slop / 4;
    case Space::kCommit:
        return 0;
    }
    return slop;
}

bool Store::fits(uint64_t cost_blocks, Space space) {
    return free_map_.free_blocks() >= outstanding_blocks() + cost_blocks + slop_blocks(space);
}

Status Store::apply_operation(const Operation& operation, Undo& undo) {
    switch (operation.kind) {
    case OperationKind::kPut: {
        undo.items.push_back({operation.key, {}});
        const Status put = tree_.put(operation.key, operation.bytes, &undo.items.back().value);
        if (!put)
            undo.items.pop_back();
        return put;
    }
    case OperationKind::kErase:
        return objects_.remove_item(operation.key, undo);
    case OperationKind::kWrite:
        return objects_.write(operation.oid, operation.offset, operation.bytes, undo);
    case OperationKind::kPunch:
        return objects_.punch(operation.oid, operation.offset, operation.length, undo);
    case OperationKind::kDestroy:
        VEXFS_TRY_VOID(objects_.put_item(orphan_key(operation.oid), {}, undo));
        objects_.drop_dirty(operation.oid, undo);
        return ok();
    }
    VEXFS_UNREACHABLE("check_operation lets no other kind pass");
}

// Ends what `undo` has collected: gives up the space if all went well, else brings everything back.
// That touches only nodes that are in memory already; should it fail nevertheless, nobody may see
// the half of it.
Status Store::finish(Status outcome, Undo& undo) {
    if (outcome) {
        for (const Segment segment : undo.released)
            free_map_.release(segment, txg_);
        return outcome;
    }
    for (auto item = undo.items.rbegin(); item != undo.items.rend(); ++item) {
        const Status back =
            item->value ? tree_.put(item->key, *item->value) : tree_.erase(item->key);
        if (!back) {
            doubt();
            return back;
        }
    }
    for (auto record = undo.records.rbegin(); record != undo.records.rend(); ++record)
        objects_.restore(*record);
    return outcome;
}

Status Store::apply_locked(Bytes transaction) {
    Undo undo;
    Status outcome = ok();
    ByteReader reader(transaction);
    while (outcome && reader.remaining() > 0)
        outcome = apply_operation(VEXFS_TRY(next_operation(reader)), undo);
    return finish(outcome, undo);
}

Status Store::apply(const Transaction& transaction, Space space, Logging logging) {
    return apply_as(Author::kCaller, transaction, space, logging);
}

Status Store::apply_as(Author author, const Transaction& transaction, Space space,
                       Logging logging) {
    if (!transaction.whole())
        return fail(Code::kENOMEM, "transaction: no memory");
    return guarded([&]() -> Status {
        VEXFS_TRY_VOID(check_writable());
        VEXFS_TRY_VOID(check_transaction(transaction.bytes(), author));
        return apply_whole(transaction, space, logging);
    });
}

Status Store::apply_whole(const Transaction& transaction, Space space, Logging logging) {
    if (transaction.empty())
        return ok();
    if (dirty_bytes() > options_.dirty_bytes_max)
        VEXFS_TRY_VOID(commit());
    warm(transaction.bytes());
    // On a full volume what is in quarantine comes back with the next commits.
    for (uint64_t attempt = 0; attempt <= FreeMap::kDeferTxgs + 1; ++attempt) {
        {
            WriteLock lock(lock_);
            VEXFS_TRY_VOID(check_writable());
            const uint64_t cost = VEXFS_TRY(cost_blocks(transaction.bytes()));
            if (fits(cost, space)) {
                Change change(*this);
                VEXFS_TRY_VOID(apply_locked(transaction.bytes()));
                if (logging == Logging::kLogged)
                    log_.append(transaction.bytes(), ++operation_, txg_);
                return ok();
            }
        }
        if (clean())
            break;
        VEXFS_TRY_VOID(commit());
    }
    return fail(Code::kENOSPC, "store: the volume is full");
}

Status Store::punch(uint64_t oid, uint64_t offset, uint64_t length, Logging logging) {
    uint64_t end = 0;
    if (!checked_add(offset, length, end))
        return fail(Code::kEINVAL, "store: the range ends behind the largest offset");
    return guarded([&] { return punch_slices(oid, offset, end, logging); });
}

Status Store::punch_slices(uint64_t oid, uint64_t offset, uint64_t end, Logging logging) {
    size_t slice = kPunchRecordsMax / 2; // the rest is for what is written there meanwhile
    while (offset < end) {
        const std::vector<uint64_t> found = VEXFS_TRY(records(oid, offset, end, slice + 1));
        const uint64_t slice_end = found.size() > slice ? found[slice] : end;
        Transaction transaction;
        transaction.punch(oid, offset, slice_end - offset);
        const Status applied = apply(transaction, Space::kFreeing, logging);
        // On a small and full volume only a small slice is admitted.
        if (!applied && applied.error().code == Code::kENOSPC && slice > 1) {
            slice /= 2;
            continue;
        }
        VEXFS_TRY_VOID(applied);
        offset = slice_end;
    }
    return ok();
}

Result<bool> Store::step_reap(size_t items) {
    return guarded([&] { return reap(items); });
}

// On a small and full volume only a small slice is admitted.
Result<bool> Store::reap(size_t items) {
    items = std::clamp<size_t>(items, 1, kReapItemsMax);
    for (;; items /= 2) {
        const Result<bool> more = reap_slice(items);
        if (more || more.error().code != Code::kENOSPC || items == 1)
            return more;
    }
}

Result<bool> Store::reap_slice(size_t items) {
    // What is in quarantine comes back with the next commits.
    for (uint64_t attempt = 0; attempt <= FreeMap::kDeferTxgs + 1; ++attempt) {
        {
            WriteLock lock(lock_);
            VEXFS_TRY_VOID(check_writable());
            const std::optional<PackedKey> orphan = VEXFS_TRY(next_orphan());
            if (!orphan)
                return false;
            if (fits((items + 1) * put_blocks(), Space::kAdmin)) {
                VEXFS_TRY_VOID(pass_over(*orphan, reap_orphan(*orphan, items)));
                return true;
            }
        }
        if (clean())
            break;
        VEXFS_TRY_VOID(commit());
    }
    return fail(Code::kENOSPC, "store: no room to erase what was given up");
}

// The first orphan that is not known to be damaged.
Result<std::optional<PackedKey>> Store::next_orphan() {
    const std::vector<Item> orphans =
        VEXFS_TRY(tree_.list(orphan_key(0), orphan_key(UINT64_MAX), damaged_orphans_.size() + 1));
    for (const Item& orphan : orphans)
        if (damaged_orphans_.count(orphan.key.unpacked().sub) == 0)
            return orphan.key;
    return std::nullopt;
}

// An orphan that is damaged must not keep those behind it: it stays, for a check to find, and is
// not tried again while the store is open.
Status Store::pass_over(const PackedKey& orphan, Status reaped) {
    if (reaped || suspended())
        return reaped;
    const Code code = reaped.error().code;
    if (code != Code::kEIO && code != Code::kEUCLEAN && code != Code::kEBADMSG)
        return reaped;
    const uint64_t oid = orphan.unpacked().sub;
    damaged_orphans_.insert(oid);
    log(LogLevel::kWarning, "store", "an object that was given up is damaged and stays",
        {{"oid", oid}, {"code", name_of(code)}, {"step", reaped.error().what}});
    return ok();
}

// A slice of reaping is not logged: whatever a crash takes back of it is done again, and nobody can
// see the difference.
Status Store::reap_orphan(const PackedKey& orphan, size_t items_max) {
    Change change(*this);
    Undo undo;
    const uint64_t oid = orphan.unpacked().sub;
    // The volume's own items are nobody's to erase; only a damaged orphan names them.
    std::vector<Item> items;
    if (oid != kVolumeOid)
        items = VEXFS_TRY(tree_.list(object_begin(oid), object_begin(oid + 1), items_max));
    Status outcome = ok();
    for (const Item& item : items)
        if (outcome)
            outcome = objects_.remove_item(item.key, undo);
    if (outcome && items.size() < items_max)
        outcome = objects_.remove_item(orphan, undo);
    return finish(outcome, undo);
}

Result<uint64_t> Store::reserve(uint64_t counter, uint64_t count) {
    const Key key{kVolumeOid, static_cast<uint8_t>(ItemType::kCounter), counter, 0};
    MutexLock lock(reserve_mutex_);
    const std::optional<Page> before = VEXFS_TRY(get(key));
    if (before && before->size() != sizeof(uint64_t))
        return fail(Code::kEUCLEAN, "store: size of a counter");
    const uint64_t first = before ? load_le<uint64_t>(before->data()) : 1;
    uint64_t next = 0;
    if (!checked_add(first, count, next))
        return fail(Code::kEOVERFLOW, "store: the counter is used up");
    Transaction transaction;
    transaction.put(key, bytes_of(next));
    VEXFS_TRY_VOID(apply_as(Author::kStore, transaction, Space::kNormal, Logging::kLogged));
    VEXFS_TRY_VOID(sync());
    return first;
}

} // namespace vexfs
