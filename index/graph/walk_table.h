// SPDX-License-Identifier: Apache-2.0
//
// The table of walk kernels by code shape, for one instruction set. Included only by the files that
// walk_loop.h is included by.
//
// Threads: immutable tables.
#pragma once

#include "index/graph/select_loop.h"
#include "index/graph/walk_loop.h"
#include "index/kernels/code_half.h"

namespace vexfs::index {
namespace {

template <typename Code, typename Lanes>
struct WalkTable {
    using Loop = WalkLoop<Code, Lanes>;
    static constexpr WalkKernels kTable{Loop::descend, Loop::walk_all, Loop::walk_allowed,
                                        Loop::walk_upper, SelectLoop<Code>::select};
};

// Record sizes that codecs produce have loops of their own; the others share one whose size is
// known at run time.
template <template <uint32_t, uint32_t> typename Code, typename Lanes, uint32_t kBits>
const WalkKernels& walk_table_of_width(uint32_t blocks) {
    switch (blocks) {
    case 1:
        return WalkTable<Code<1, kBits>, Lanes>::kTable;
    case 2:
        return WalkTable<Code<2, kBits>, Lanes>::kTable;
    default:
        return WalkTable<Code<0, kBits>, Lanes>::kTable;
    }
}

template <template <uint32_t, uint32_t> typename Code, typename Sixteen, typename Lanes>
const WalkKernels& walk_table(CodeShape shape) {
    const uint32_t blocks = shape.record_bytes / kCodeBlockBytes;
    if (shape.bits == 16)
        return WalkTable<CodeHalf<Sixteen>, Lanes>::kTable;
    if (shape.bits == 1)
        return WalkTable<Code<0, 1>, Lanes>::kTable;
    return shape.bits == 8 ? walk_table_of_width<Code, Lanes, 8>(blocks)
                           : walk_table_of_width<Code, Lanes, 4>(blocks);
}

} // namespace
} // namespace vexfs::index
