// SPDX-License-Identifier: Apache-2.0
//
// A transaction: operations on items and object data that take effect together or not at all.
//
// It is built as the very bytes that go into the intent log, and applied from them, so that replay
// after a crash runs the code that ran the first time. Everything that an operation depends on is
// in it: no clock, no allocation of numbers, no random source. One that ran out of memory while it
// was built is refused by Store::apply as a whole.
//
// Threads: one thread.
#pragma once

#include "userlib/store/key.h"
#include "userlib/store/record.h"

namespace vexfs {

// An operation in the log.
// OFFSET SIZE MEANING
//      0    1  kind
//      1   19  put, erase: the key
//      1    8  write, punch, destroy: oid
//      9    8  write, punch: offset
//     17    8  punch: length
//  20/17    4  put, write: count of bytes, which follow
enum class OperationKind : uint8_t { kPut = 1, kErase = 2, kWrite = 3, kPunch = 4, kDestroy = 5 };

struct Operation {
    OperationKind kind = OperationKind::kPut;
    PackedKey key;
    uint64_t oid = 0;
    uint64_t offset = 0;
    uint64_t length = 0;
    Bytes bytes; // lent from the transaction or the log
};

class Transaction {
  public:
    // Sets an item to a value. The type is not kRecord and the oid not that of the volume.
    void put(const Key& key, Bytes value);
    // Removes an item; it need not exist.
    void erase(const Key& key);
    // Object data. What was never written reads as zero; an object has no size of its own.
    void write(uint64_t oid, uint64_t offset, Bytes bytes);
    // Makes a range of object data zero and frees its space; length UINT64_MAX - offset is "to the
    // end".
    void punch(uint64_t oid, uint64_t offset, uint64_t length);
    // Gives up all items and data of an object, which must not be used again. The work is done
    // later, in slices.
    void destroy(uint64_t oid);

    [[nodiscard]] bool empty() const { return bytes_.empty(); }
    [[nodiscard]] Bytes bytes() const { return bytes_; }
    // False if there was no memory for one of the operations.
    [[nodiscard]] bool whole() const { return whole_; }

  private:
    void append(Bytes bytes);
    void append_u32(size_t value);
    void append_u64(uint64_t value);
    void append_kind(OperationKind kind) { append(bytes_of(kind)); }

    Page bytes_;
    bool whole_ = true;
};

// Takes the next operation of a transaction's bytes. EUCLEAN if they are not that.
Result<Operation> next_operation(ByteReader& reader);

} // namespace vexfs
