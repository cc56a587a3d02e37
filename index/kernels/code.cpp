// SPDX-License-Identifier: Apache-2.0
#include "index/kernels/code.h"

#include <cstring>

#include "base/bytes.h"
#include "index/kernels/code_scalar.h"

namespace vexfs::index {

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
    if (shape.bits == 8)
        return CodeScalar<0, 8>::distance(record, CodeScalar<0, 8>::query(query, blocks));
    return CodeScalar<0, 4>::distance(record, CodeScalar<0, 4>::query(query, blocks));
}

int32_t decode_code(CodeShape shape, const uint8_t* record, int8_t* query) {
    uint32_t blocks = shape.record_bytes / kCodeBlockBytes;
    return shape.bits == 8 ? CodeScalar<0, 8>::decode(record, query, blocks)
                           : CodeScalar<0, 4>::decode(record, query, blocks);
}

} // namespace vexfs::index
