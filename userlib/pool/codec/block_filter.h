// SPDX-License-Identifier: Apache-2.0
//
// What is done to a block of numbers before it is compressed: float32 that are all exactly bfloat16
// or exactly float16 are stored as those, and the bytes of equal significance are laid side by
// side.
//
// Both are undone bit for bit. Numbers are little-endian; a block may end within one, as trailing
// zero bytes are not kept.
//
// Threads: pure functions.
#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "base/result.h"

namespace vexfs {

// What a block's bytes are.
enum class Numbers : uint8_t { kNone, kTwoBytes, kF32 };

enum class Narrow : uint8_t { kNone = 0, kBf16 = 1, kF16 = 2 };

struct BlockFilter {
    Narrow narrow = Narrow::kNone;
    uint8_t shuffle = 0; // bytes of a number: 2 or 4; 0: not shuffled

    [[nodiscard]] bool any() const { return narrow != Narrow::kNone || shuffle != 0; }
    friend bool operator==(const BlockFilter&, const BlockFilter&) = default;
};

// As one byte of the disk format: narrow, and 16 times shuffle. EOPNOTSUPP for a byte that is none.
uint8_t encode_block_filter(const BlockFilter& filter);
Result<BlockFilter> decode_block_filter(uint8_t byte);

// The size of a block once it is narrowed.
constexpr size_t narrowed_size(Narrow narrow, size_t block_bytes) {
    return narrow == Narrow::kNone ? block_bytes : (block_bytes + 3) / 4 * 2;
}

// Writes the block of float32 as bfloat16, or else as float16, if each number is exactly one; else
// kNone, and `out` means nothing. `out` has narrowed_size().
Narrow narrow_exactly(Bytes block, MutableBytes out);

// The bytes of the block from `skip` on, of which `narrowed` has the numbers from that of `skip`
// on. EUCLEAN if it has not as many as `out` wants.
Status widen(Narrow narrow, Bytes narrowed, size_t skip, MutableBytes out);

// The highest bytes of all numbers first; bytes behind the last whole number stay last.
void shuffle(size_t width, Bytes block, MutableBytes out);
void unshuffle(size_t width, Bytes shuffled, MutableBytes out);

} // namespace vexfs
