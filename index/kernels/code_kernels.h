// SPDX-License-Identifier: Apache-2.0
//
// Whole loops over code records, behind one table per instruction set and shape.
//
// For scans and for everything that is not itself a template over the kernels of code_scalar.h and
// its variants.
//
// Threads: immutable tables of pure functions, any thread.
#pragma once

#include <cstddef>
#include <cstdint>

#include "index/kernels/code.h"
#include "index/kernels/isa.h"

namespace vexfs::index {

// `blocks` is record_bytes / 64 of the shape the table was asked for. Records and queries are
// 64-byte aligned.
struct CodeKernels {
    // Distances of `count` records that lie one after the other.
    void (*scan)(const uint8_t* records, size_t count, const int8_t* query, uint32_t blocks,
                 int32_t* distances);
    // Distances of `count` records anywhere; they are prefetched on the way.
    void (*gather)(const uint8_t* const* records, size_t count, const int8_t* query,
                   uint32_t blocks, int32_t* distances);
    // Of `count` records anywhere from each query of a batch that interleave_queries() made:
    // distances[kBatchQueries * i + q].
    void (*batch)(const uint8_t* const* records, size_t count, const int8_t* queries,
                  uint32_t blocks, int32_t* distances);
    // decode_code().
    int32_t (*decode)(const uint8_t* record, int8_t* query, uint32_t blocks);
};

// The kernels of an instruction set that is_supported(), for a shape that is code_shape_valid().
const CodeKernels& code_kernels(Isa isa, CodeShape shape);

// The tables of one instruction set. Only code_kernels() calls them.
const CodeKernels& code_kernels_scalar(CodeShape shape);
const CodeKernels& code_kernels_avx2(CodeShape shape);
const CodeKernels& code_kernels_avx512(CodeShape shape);

} // namespace vexfs::index
