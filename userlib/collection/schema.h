// SPDX-License-Identifier: Apache-2.0
//
// What the vectors of a collection are, and how they are indexed.
//
// The numbers of the enums are those of the application ABI and of the disk.
//
// Threads: values.
#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "index/kernels/metric.h"
#include "userlib/store/record.h"

namespace vexfs {

// From vectors to what the graph compares.
enum class CodesKind : uint16_t { kAuto = 0, kNone = 1, kI8 = 2, kF16 = 3, kBit = 4 };

// Of vectors on the disk. The schema's field has zstd's level in its upper byte, 0 for the default.
enum class CompressKind : uint16_t { kAuto = 0, kNone = 1, kLz4 = 2, kZstd = 3 };

enum class IndexKind : uint16_t { kAuto = 0, kFlat = 1, kHnsw = 2, kIvfPq = 3 };

struct Schema {
    uint32_t dim = 0;
    index::Element element = index::Element::kF32;
    index::Metric metric = index::Metric::kL2;
    uint16_t codes = 0; // CodesKind
    uint16_t index = 0; // IndexKind
    uint32_t m = 0;     // links of a row; of these and of the next two 0 is a default
    uint32_t ef_construction = 0;
    uint32_t ef = 0;         // of a search that gives none
    uint64_t max_rows = 0;   // 0: no limit
    uint16_t pool = 0;       // 0: as the volume has it, else pool_names()[pool - 1]
    uint16_t compress = 0;   // CompressKind, and a level
    uint64_t created_ns = 0; // since 1970

    [[nodiscard]] CompressKind compress_kind() const {
        return static_cast<CompressKind>(compress & 0xff);
    }
    [[nodiscard]] int compress_level() const { return compress >> 8; }
    [[nodiscard]] size_t vector_bytes() const { return index::bytes_of(element, dim); }
    // Whether every search scans: there are no codes, or no graph is wanted.
    [[nodiscard]] bool flat() const;

    friend bool operator==(const Schema&, const Schema&) = default;
};

// How the store is to keep the vectors. Unless it is told more they are narrowed where that loses
// nothing, and nothing else, so that one can still be read alone.
ObjectForm form_of_vectors(const Schema& schema);

// EINVAL for what makes no sense, EOPNOTSUPP for what is not offered; the error names the field.
// Element and metric may be any number of their types.
Status check_schema(const Schema& schema);

// With a value in use where 0 stands for a default.
Schema with_defaults(const Schema& schema);

// What may change in a schema that is in use. EINVAL names the first field that may not.
Status check_update(const Schema& before, const Schema& after);

inline constexpr size_t kSchemaBytes = 56;

// The schema as it lies on disk; README.md has the table. decode: EUCLEAN.
void encode_schema(const Schema& schema, MutableBytes out);
Result<Schema> decode_schema(Bytes bytes);

} // namespace vexfs
