// SPDX-License-Identifier: Apache-2.0
//
// The loops of CodeKernels as templates over a kernel (CodeScalar and its variants), and their
// table by shape. Included only by the files named after an instruction set; see code_scalar.h for
// the rule.
//
// Threads: pure functions, any thread.
#pragma once

#include "index/kernels/code_half.h"
#include "index/kernels/code_kernels.h"
#include "index/kernels/code_scalar.h"

namespace vexfs::index {
namespace {

template <typename Kernel>
struct CodeLoops {
    static void scan(const uint8_t* records, size_t count, const int8_t* bytes, uint32_t blocks,
                     int32_t* distances) {
        const auto query = Kernel::query(bytes, blocks);
        const size_t stride = 64 * static_cast<size_t>(Kernel::blocks_of(query));
        size_t i = 0;
        for (; i + 4 <= count; i += 4, records += 4 * stride) {
            const uint8_t* four[4] = {records, records + stride, records + 2 * stride,
                                      records + 3 * stride};
            Kernel::store(Kernel::distance4(four, query), distances + i);
        }
        for (; i < count; ++i, records += stride)
            distances[i] = Kernel::distance(records, query);
    }

    static void gather(const uint8_t* const* records, size_t count, const int8_t* bytes,
                       uint32_t blocks, int32_t* distances) {
        constexpr size_t kAhead = 12;
        const auto query = Kernel::query(bytes, blocks);
        const uint32_t lines = Kernel::blocks_of(query) < 4 ? Kernel::blocks_of(query) : 4;
        const auto prefetch = [&](size_t i) {
            for (uint32_t line = 0; line < lines; ++line)
                __builtin_prefetch(records[i] + 64 * line);
        };
        for (size_t i = 0; i < kAhead && i < count; ++i)
            prefetch(i);
        size_t i = 0;
        for (; i + 4 <= count; i += 4) {
            for (size_t next = i + kAhead; next < i + kAhead + 4 && next < count; ++next)
                prefetch(next);
            Kernel::store(Kernel::distance4(records + i, query), distances + i);
        }
        for (; i < count; ++i)
            distances[i] = Kernel::distance(records[i], query);
    }

    static void batch(const uint8_t* const* records, size_t count, const int8_t* bytes,
                      uint32_t blocks, int32_t* distances) {
        constexpr size_t kRows = Kernel::kBatchRows;
        const auto queries = Kernel::batch(bytes, blocks);
        size_t i = 0;
        for (; i + kRows <= count; i += kRows)
            Kernel::template batch_distances<kRows>(records + i, queries, distances + 16 * i);
        for (; i < count; ++i)
            Kernel::template batch_distances<1>(records + i, queries, distances + 16 * i);
    }

    static int32_t decode(const uint8_t* record, int8_t* query, uint32_t blocks) {
        return Kernel::decode(record, query, blocks);
    }

    static constexpr CodeKernels kTable{scan, gather, batch, decode};
};

template <template <uint32_t, uint32_t> typename Kernel, uint32_t kBits>
const CodeKernels& loops_of_width(uint32_t blocks) {
    switch (blocks) {
    case 1:
        return CodeLoops<Kernel<1, kBits>>::kTable;
    case 2:
        return CodeLoops<Kernel<2, kBits>>::kTable;
    case 3:
        return CodeLoops<Kernel<3, kBits>>::kTable;
    case 4:
        return CodeLoops<Kernel<4, kBits>>::kTable;
    default:
        return CodeLoops<Kernel<0, kBits>>::kTable;
    }
}

template <template <uint32_t, uint32_t> typename Kernel, typename Sixteen>
const CodeKernels& loops_of(CodeShape shape) {
    const uint32_t blocks = shape.record_bytes / 64;
    if (shape.bits == 16)
        return CodeLoops<CodeHalf<Sixteen>>::kTable;
    if (shape.bits == 1)
        return blocks == 1 ? CodeLoops<Kernel<1, 1>>::kTable : CodeLoops<Kernel<0, 1>>::kTable;
    return shape.bits == 8 ? loops_of_width<Kernel, 8>(blocks) : loops_of_width<Kernel, 4>(blocks);
}

} // namespace
} // namespace vexfs::index
