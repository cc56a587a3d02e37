// SPDX-License-Identifier: Apache-2.0
//
// What is stored of a row beside its vector, a record for each slot.
//
// Threads: values.
#pragma once

#include <algorithm>

#include "base/checksum.h"
#include "index/kernels/page_shape.h"
#include "userlib/collection/rows.h"

namespace vexfs {

inline constexpr size_t kRowRecordBytes = 48;
// Where the records of all slots that can be end.
inline constexpr uint64_t kRowRecordsEnd = uint64_t{index::kMaxSlots} * kRowRecordBytes;

struct RowRecord {
    RowId id; // ino 0: the slot holds no row
    RowMeta meta;
    uint64_t data_version = 0;
};

// Says which vector a slot holds: what was derived from another one does not belong to it. Never 0,
// which is what records say that were written without.
inline uint32_t vector_sum(Bytes vector) {
    return std::max(1U, crc32c(vector));
}

inline void encode_row_record(const RowRecord& record, uint32_t sum, std::byte* out) {
    store_le<uint64_t>(out, record.id.ino);
    store_le<uint32_t>(out + 8, record.id.row);
    store_le<uint32_t>(out + 12, sum);
    store_le<uint64_t>(out + 16, record.data_version);
    store_le<uint64_t>(out + 24, record.meta.tag);
    store_le<uint64_t>(out + 32, record.meta.offset);
    store_le<uint64_t>(out + 40, record.meta.length);
}

inline uint32_t decode_vector_sum(const std::byte* from) {
    return load_le<uint32_t>(from + 12);
}

inline RowRecord decode_row_record(const std::byte* from) {
    return {
        {load_le<uint64_t>(from), load_le<uint32_t>(from + 8)},
        {load_le<uint64_t>(from + 24), load_le<uint64_t>(from + 32), load_le<uint64_t>(from + 40)},
        load_le<uint64_t>(from + 16)};
}

} // namespace vexfs
