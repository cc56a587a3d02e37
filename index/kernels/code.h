// SPDX-License-Identifier: Apache-2.0
//
// The code record: a vector in 64, 128, ... bytes, and the integer distance between a record and a
// query.
//
// A record is `record_bytes` long, a multiple of 64, and 64-byte aligned in memory. Its last 4
// bytes are a little-endian int32, the bias. With H = record_bytes - 4:
//
//     bits  component j stands in                                   and is worth
//     16    bytes 2j and 2j + 1 (j < H / 2), an IEEE half           half * step
//     8     byte j (j < H)                                          (byte - 128) * step
//     4     low nibble of byte j (j < H), else high nibble of j-H   (nibble - 7.5) * step
//     1     bit j % 8 of byte j / 8 (j < 8 H)                       (bit - 0.5) * step
//
// Unused bytes of an 8-bit record are 128. A query of these is signed bytes in [-127, 127], 64-byte
// aligned, zero where it has no component: record_bytes of them (8 bit), 2 * record_bytes (4 bit:
// the low nibbles' half first) or 8 * record_bytes (1 bit). One query byte is worth query_step, and
// query_step = step (8 bit), step / 8 (4 bit) or step / 64 (1 bit).
//
//     distance = bias - sum(byte, nibble or bit * query byte)   int32, smaller is nearer
//
// A query of 16-bit records is floats, one for each two bytes of a record, worth step each; it is
// kept in bytes like the others:
//
//     distance = bias + sum((half - float)^2) / 2, rounded up, so that only equal records are at 0;
//                       it goes no farther than 2^30
//
// These are for rows whose sizes differ by orders of magnitude.
//
// Whoever encodes chooses the bias so that this is (|x|^2 / 2 - <q, x>) / (step * query_step) up to
// a constant of the query. Every variant computes the same, so no answer depends on the machine.
//
// Threads: pure functions, any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace vexfs::index {

struct CodeShape {
    uint32_t record_bytes;
    uint32_t bits;

    friend constexpr bool operator==(const CodeShape&, const CodeShape&) = default;
};

constexpr uint32_t kCodeBlockBytes = 64;
constexpr uint32_t kCodeBiasBytes = 4;
// 65,535 components of 8 bits, rounded up to whole blocks.
constexpr uint32_t kCodeRecordBytesMax = 65'600;

// Records of 16 bits come in pairs of blocks: projections make 64 components at a time.
constexpr bool code_shape_valid(CodeShape shape) {
    const uint32_t unit = (shape.bits == 16 ? 2 : 1) * kCodeBlockBytes;
    return (shape.bits == 16 || shape.bits == 8 || shape.bits == 4 || shape.bits == 1) &&
           shape.record_bytes != 0 && shape.record_bytes % unit == 0 &&
           shape.record_bytes <= kCodeRecordBytesMax;
}

// How many components a record has room for.
constexpr uint32_t code_components(CodeShape shape) {
    return (shape.record_bytes - kCodeBiasBytes) * 8 / shape.bits;
}

// The same and the places where a record has its bias: the numbers of which a query is made.
constexpr uint32_t code_lanes(CodeShape shape) {
    return shape.record_bytes * 8 / shape.bits;
}

constexpr uint32_t code_query_bytes(CodeShape shape) {
    return code_lanes(shape) * (shape.bits == 16 ? uint32_t{sizeof(float)} : 1);
}

// Queries that share a pass over records: their bytes are interleaved, four of each query in turn,
// so that four bytes of a record meet all queries at once.
constexpr uint32_t kBatchQueries = 16;
constexpr uint32_t kBatchStep = 4;

constexpr size_t batch_query_bytes(CodeShape shape) {
    return size_t{kBatchQueries} * code_query_bytes(shape);
}

// Writes batch_query_bytes(shape) bytes, 64-byte aligned, from at most kBatchQueries queries; zeros
// stand for those that are missing.
void interleave_queries(CodeShape shape, std::span<const int8_t* const> queries, int8_t* batch);

int32_t code_bias(CodeShape shape, const uint8_t* record);
void set_code_bias(CodeShape shape, uint8_t* record, int32_t bias);

// The distance above, by the portable kernel. Sums wrap like unsigned integers: no record is
// undefined behaviour.
int32_t code_distance(CodeShape shape, const uint8_t* record, const int8_t* query);

// Writes the query that stands for the record itself (code_query_bytes bytes, 64-byte aligned) and
// returns the offset that makes its distances symmetric: distance(a, query of b) + offset of b = |a
// - b|^2 / 2 in the unit of distances. A byte 0 of an 8-bit record counts as 1, so that the query
// stays within [-127, 127].
int32_t decode_code(CodeShape shape, const uint8_t* record, int8_t* query);

} // namespace vexfs::index
