// SPDX-License-Identifier: Apache-2.0
#include "userlib/store/salvage_log.h"

#include <algorithm>

namespace vexfs {

void SalvagedRecord::resize(size_t size, bool are_lost) {
    bytes.resize(size);
    lost.resize(size, are_lost);
}

SalvageLog SalvageLog::read(Device& device, const Layout& layout, const Uberblock& commit) {
    SalvageLog log(layout);
    const LogMark mark{commit.log_position, commit.log_sequence, commit.log_chain};
    const LogScan scan = Log(device, layout).scan(mark, commit.epoch, commit.txg);
    log.damaged_ = scan.damage.has_value();
    for (const Page& transaction : scan.transactions) {
        if (!log.take(transaction)) {
            log.damaged_ = true;
            break;
        }
    }
    return log;
}

Status SalvageLog::take(Bytes transaction) {
    ByteReader reader(transaction);
    while (reader.remaining() > 0) {
        const Operation operation = VEXFS_TRY(next_operation(reader));
        ++operations_;
        switch (operation.kind) {
        case OperationKind::kPut:
            items_[operation.key] = Page(operation.bytes.begin(), operation.bytes.end());
            break;
        case OperationKind::kErase:
            items_[operation.key] = std::nullopt;
            break;
        case OperationKind::kDestroy:
            destroyed_.insert(operation.oid);
            break;
        default:
            VEXFS_TRY_VOID(take_data(operation));
        }
    }
    return ok();
}

Status SalvageLog::take_data(const Operation& operation) {
    const bool writes = operation.kind == OperationKind::kWrite;
    const uint64_t length = writes ? operation.bytes.size() : operation.length;
    uint64_t end = 0;
    if (!checked_add(operation.offset, length, end))
        return fail(Code::kEUCLEAN, "log: the range ends behind the largest offset");
    if (length == 0)
        return ok();
    data_[operation.oid].push_back(
        {operation.offset, end, Page(operation.bytes.begin(), operation.bytes.end())});
    for (uint64_t at = operation.offset - operation.offset % record_bytes_; writes && at < end;
         at += record_bytes_)
        written_.insert({operation.oid, at});
    return ok();
}

bool SalvageLog::touches(const RecordId& id) const {
    const auto found = data_.find(id.oid);
    return found != data_.end() && std::ranges::any_of(found->second, [&](const Change& change) {
               return change.begin < id.offset + record_bytes_ && id.offset < change.end;
           });
}

void SalvageLog::change(const RecordId& id, SalvagedRecord& record) const {
    const auto found = data_.find(id.oid);
    if (found == data_.end())
        return;
    for (const Change& change : found->second) {
        const uint64_t begin = std::max(change.begin, id.offset);
        const uint64_t end = std::min<uint64_t>(change.end, id.offset + record_bytes_);
        if (begin >= end)
            continue;
        const size_t from = begin - id.offset;
        const size_t count = end - begin;
        record.resize(std::max(record.bytes.size(), from + count), false);
        if (change.bytes.empty())
            std::memset(record.bytes.data() + from, 0, count);
        else
            std::memcpy(record.bytes.data() + from, change.bytes.data() + (begin - change.begin),
                        count);
        std::fill_n(record.lost.begin() + static_cast<ptrdiff_t>(from), count, false);
    }
    while (!record.bytes.empty() && record.bytes.back() == std::byte{0} && !record.lost.back())
        record.resize(record.bytes.size() - 1, false);
}

} // namespace vexfs
