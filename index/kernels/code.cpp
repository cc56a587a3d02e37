// SPDX-License-Identifier: Apache-2.0
#include "index/kernels/code.h"

#include <cstring>

#include "base/bytes.h"
#include "index/kernels/code_half.h"
#include "index/kernels/code_scalar.h"

namespace vexfs::index {

void interleave_queries(CodeShape shape, std::span<const int8_t* const> queries, int8_t* batch) {
    const uint32_t steps = code_query_bytes(shape) / kBatchStep;
    std::memset(batch, 0, batch_query_bytes(shape));
    for (size_t q = 0; q < queries.size(); ++q) {
        for (size_t step = 0; step < steps; ++step)
            std::memcpy(batch + (step * kBatchQueries + q) * kBatchStep,
                        queries[q] + step * kBatchStep, kBatchStep);
    }
}

int32_t code_bias(CodeShape shape, const uint8_t* record) {
    const std::byte* place = reinterpret_cast<const std::byte*>(record) + shape.record_bytes;
    return static_cast<int32_t>(load_le<uint32_t>(place - kCodeBiasBytes));
}

void set_code_bias(CodeShape shape, uint8_t* record, int32_t bias) {
    std::byte* place = reinterpret_cast<std::byte*>(record) + shape.record_bytes;
    store_le<uint32_t>(place - kCodeBiasBytes, static_cast<uint32_t>(bias));
}

int32_t code_distance(CodeShape shape, const uint8_t* record, const int8_t* query) {
    uint32_t blocks = shape.record_bytes / kCodeBlockBytes;
    if (shape.bits == 16)
        return CodeHalf<SixteenScalar>::distance(record, {query, blocks});
    if (shape.bits == 8)
        return CodeScalar<0, 8>::distance(record, CodeScalar<0, 8>::query(query, blocks));
    if (shape.bits == 1)
        return CodeScalar<0, 1>::distance(record, CodeScalar<0, 1>::query(query, blocks));
    return CodeScalar<0, 4>::distance(record, CodeScalar<0, 4>::query(query, blocks));
}

int32_t decode_code(CodeShape shape, const uint8_t* record, int8_t* query) {
    uint32_t blocks = shape.record_bytes / kCodeBlockBytes;
    if (shape.bits == 16)
        return CodeHalf<SixteenScalar>::decode(record, query, blocks);
    if (shape.bits == 1)
        return CodeScalar<0, 1>::decode(record, query, blocks);
    return shape.bits == 8 ? CodeScalar<0, 8>::decode(record, query, blocks)
                           : CodeScalar<0, 4>::decode(record, query, blocks);
}

} // namespace vexfs::index
