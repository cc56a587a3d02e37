// SPDX-License-Identifier: Apache-2.0
//
// How the log is done again after a crash.
//
// It holds what was done since the commit in force, and all of it takes effect or the open fails:
// so only the outcome counts, and not the order in which it is reached.
#include "userlib/store/store.h"

#include <algorithm>

namespace vexfs {

namespace {

// Their leaves have to stay in the cache until they are used.
constexpr size_t kSliceItems = 4096;

bool is_item(const Operation& operation) {
    return operation.kind == OperationKind::kPut || operation.kind == OperationKind::kErase;
}

} // namespace

// The keys of all items and records that the operation may change.
std::vector<Store::KeyRange> Store::ranges_of(const Operation& operation) const {
    const uint64_t oid = operation.oid;
    if (is_item(operation))
        return {{operation.key, operation.key.next()}};
    if (operation.kind == OperationKind::kDestroy)
        return {{PackedKey(Key{oid, 0, 0, 0}), PackedKey(Key{oid + 1, 0, 0, 0})},
                {orphan_key(oid), orphan_key(oid).next()}};
    const uint64_t length =
        operation.kind == OperationKind::kWrite ? operation.bytes.size() : operation.length;
    return {range_of(oid, operation.offset, length)};
}

// The keys of the records that lie in a range of an object's data.
Store::KeyRange Store::range_of(uint64_t oid, uint64_t offset, uint64_t length) const {
    if (length == 0)
        return {};
    const uint64_t begin = offset - offset % layout_.header().record_bytes;
    return {record_key(oid, begin), record_key(oid, offset + length - 1).next()};
}

Status Store::replay() {
    LogMark mark{uberblock_.log_position, uberblock_.log_sequence, uberblock_.log_chain};
    if (with_log_) {
        const LogScan scan = log_.scan(mark, uberblock_.epoch, uberblock_.txg);
        if (scan.damage && !options_.truncate_log)
            VEXFS_TRY_VOID(refuse_damage(fail(scan.damage->code,
                                              "log: synced operations are behind a damaged block; "
                                              "fsck.vexfs --truncate-log gives them up"),
                                         *scan.damage, damage_.log));
        WriteLock lock(lock_);
        VEXFS_TRY_VOID(replay_transactions(scan.transactions));
        mark = scan.end;
    }
    if (!options_.read_only)
        unreplayed_.clear(); // given up because that was asked for
    log_.start(mark, epoch_);
    return ok();
}

// Operations on data in the order of the log, and the items after them: the two never touch the
// same key.
Status Store::replay_transactions(const std::vector<Page>& transactions) {
    std::vector<Operation> items;
    for (const Page& transaction : transactions) {
        VEXFS_TRY_VOID(check_transaction(transaction, Author::kStore));
        ByteReader reader(transaction);
        while (reader.remaining() > 0) {
            const Operation operation = VEXFS_TRY(next_operation(reader));
            if (is_item(operation))
                items.push_back(operation);
            else
                VEXFS_TRY_VOID(replay_operation(operation));
        }
    }
    return replay_items(items);
}

Status Store::replay_operation(const Operation& operation) {
    Undo undo;
    const Status done = finish(apply_operation(operation, undo), undo);
    return done ? done : give_up(operation, done.error());
}

// What is damaged in the tree keeps the log from changing it. A read-only open goes on, and answers
// EIO for all that the operation would have changed.
Status Store::give_up(const Operation& operation, Error cause) {
    const bool damage =
        cause.code == Code::kEIO || cause.code == Code::kEBADMSG || cause.code == Code::kEUCLEAN;
    if (!damage || in_doubt_.load(std::memory_order_acquire))
        return cause;
    if (!options_.read_only && !options_.truncate_log) {
        tell_damage("the log changes what is damaged in the tree", cause, uberblock_.txg);
        return fail(cause.code, "log: it changes what is damaged in the tree; fsck.vexfs "
                                "--truncate-log gives those operations up");
    }
    if (unreplayed_.empty())
        tell_damage(options_.read_only ? "operations of the log change what is damaged in the "
                                         "tree, and reading there is an error; run fsck.vexfs"
                                       : "operations of the log on what is damaged in the tree "
                                         "are given up",
                    cause, uberblock_.txg);
    const std::vector<KeyRange> ranges = ranges_of(operation);
    unreplayed_.insert(unreplayed_.end(), ranges.begin(), ranges.end());
    damage_.operations += options_.read_only ? 1 : 0;
    return ok();
}

Status Store::check_replayed(const PackedKey& from, const PackedKey& end) const {
    for (const KeyRange& range : unreplayed_)
        if (from < range.end && range.from < end)
            return fail(Code::kEIO, "log: it has changed this, and could not be replayed there");
    return ok();
}

// The last word on each item, in the order of keys: a put then finds the leaf of the one before,
// and the leaves of a whole slice are read together.
Status Store::replay_items(const std::vector<Operation>& items) {
    std::vector<std::pair<PackedKey, size_t>> order;
    order.reserve(items.size());
    for (size_t i = 0; i < items.size(); ++i)
        order.emplace_back(items[i].key, i);
    std::sort(order.begin(), order.end());
    std::vector<PackedKey> slice;
    for (size_t i = 0; i < order.size(); ++i) {
        if (i % kSliceItems == 0) {
            slice.clear();
            for (size_t j = i; j < std::min(order.size(), i + kSliceItems); ++j)
                slice.push_back(order[j].first);
            tree_.prefetch(slice);
        }
        if (i + 1 < order.size() && order[i + 1].first == order[i].first)
            continue;
        const Operation& last = items[order[i].second];
        const Status done = last.kind == OperationKind::kPut ? tree_.put(last.key, last.bytes)
                                                             : tree_.erase(last.key);
        if (!done)
            VEXFS_TRY_VOID(give_up(last, done.error()));
    }
    return ok();
}

} // namespace vexfs
