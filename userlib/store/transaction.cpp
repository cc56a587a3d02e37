// SPDX-License-Identifier: Apache-2.0
#include "userlib/store/transaction.h"

#include <algorithm>

#include "base/guard.h"

namespace vexfs {

void Transaction::append(Bytes bytes) {
    const auto grow = [&]() -> Status {
        bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
        return ok();
    };
    whole_ = guard(fail(Code::kENOMEM, "transaction: memory"), grow).has_value() && whole_;
}

// What does not fit is far beyond what apply() takes of one value.
void Transaction::append_u32(size_t value) {
    const auto raw = static_cast<uint32_t>(std::min<size_t>(value, UINT32_MAX));
    append(bytes_of(raw));
}

void Transaction::append_u64(uint64_t value) {
    append(bytes_of(value));
}

void Transaction::put(const Key& key, Bytes value) {
    append_kind(OperationKind::kPut);
    append(PackedKey(key).bytes);
    append_u32(value.size());
    append(value);
}

void Transaction::erase(const Key& key) {
    append_kind(OperationKind::kErase);
    append(PackedKey(key).bytes);
}

void Transaction::write(uint64_t oid, uint64_t offset, Bytes bytes) {
    append_kind(OperationKind::kWrite);
    append_u64(oid);
    append_u64(offset);
    append_u32(bytes.size());
    append(bytes);
}

void Transaction::punch(uint64_t oid, uint64_t offset, uint64_t length) {
    append_kind(OperationKind::kPunch);
    append_u64(oid);
    append_u64(offset);
    append_u64(length);
}

void Transaction::destroy(uint64_t oid) {
    append_kind(OperationKind::kDestroy);
    append_u64(oid);
}

namespace {

Status take_bytes(ByteReader& reader, Operation& operation) {
    const uint32_t count = VEXFS_TRY(reader.le<uint32_t>());
    operation.bytes = VEXFS_TRY(reader.take(count));
    return ok();
}

Status take_body(ByteReader& reader, Operation& operation) {
    switch (operation.kind) {
    case OperationKind::kPut:
    case OperationKind::kErase:
        std::memcpy(operation.key.bytes.data(), VEXFS_TRY(reader.take(kKeyBytes)).data(),
                    kKeyBytes);
        return operation.kind == OperationKind::kPut ? take_bytes(reader, operation) : ok();
    case OperationKind::kWrite:
        operation.oid = VEXFS_TRY(reader.le<uint64_t>());
        operation.offset = VEXFS_TRY(reader.le<uint64_t>());
        return take_bytes(reader, operation);
    case OperationKind::kPunch:
        operation.oid = VEXFS_TRY(reader.le<uint64_t>());
        operation.offset = VEXFS_TRY(reader.le<uint64_t>());
        operation.length = VEXFS_TRY(reader.le<uint64_t>());
        return ok();
    case OperationKind::kDestroy:
        operation.oid = VEXFS_TRY(reader.le<uint64_t>());
        return ok();
    }
    return fail(Code::kEUCLEAN, "transaction: unknown operation");
}

} // namespace

Result<Operation> next_operation(ByteReader& reader) {
    Operation operation;
    operation.kind = static_cast<OperationKind>(VEXFS_TRY(reader.le<uint8_t>()));
    VEXFS_TRY_VOID(take_body(reader, operation));
    return operation;
}

} // namespace vexfs
