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

Status Store::replay() {
    LogMark mark{uberblock_.log_position, uberblock_.log_sequence, uberblock_.log_chain};
    if (options_.rewind_txg == UINT64_MAX) {
        const LogScan scan = VEXFS_TRY(log_.scan(mark, uberblock_.epoch, uberblock_.txg));
        if (scan.damaged && !options_.truncate_log && !options_.read_only)
            return fail(Code::kEUCLEAN, "log: synced operations behind a damaged block");
        log_damaged_ = scan.damaged && options_.read_only;
        WriteLock lock(lock_);
        VEXFS_TRY_VOID(replay_transactions(scan.transactions));
        mark = scan.end;
    }
    log_.start(mark, epoch_);
    return ok();
}

// Operations on data in the order of the log, and the items after them: the two never touch the
// same key.
Status Store::replay_transactions(const std::vector<Page>& transactions) {
    std::vector<Operation> items;
    for (const Page& transaction : transactions) {
        VEXFS_TRY_VOID(check_transaction(transaction));
        Undo undo;
        ByteReader reader(transaction);
        while (reader.remaining() > 0) {
            const Operation operation = VEXFS_TRY(next_operation(reader));
            if (is_item(operation))
                items.push_back(operation);
            else
                VEXFS_TRY_VOID(apply_operation(operation, undo));
        }
        VEXFS_TRY_VOID(finish(ok(), undo));
    }
    return replay_items(items);
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
        if (last.kind == OperationKind::kPut)
            VEXFS_TRY_VOID(tree_.put(last.key, last.bytes));
        else
            VEXFS_TRY_VOID(tree_.erase(last.key));
    }
    return ok();
}

} // namespace vexfs
