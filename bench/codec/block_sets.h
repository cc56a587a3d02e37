// SPDX-License-Identifier: Apache-2.0
//
// Blocks as a volume stores them: text, vectors of several kinds, links of a graph.
//
// Threads: pure functions.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "bench/data/matrix.h"
#include "userlib/pool/codec/block_coder.h"

namespace vexfs {

inline constexpr size_t kCodecBlockBytes = 65536; // a record of the store

struct BlockSet {
    std::string name;
    Numbers numbers = Numbers::kNone;
    std::vector<std::byte> bytes; // whole blocks

    [[nodiscard]] size_t blocks() const { return bytes.size() / kCodecBlockBytes; }
    [[nodiscard]] Bytes block(size_t number) const {
        return Bytes(bytes).subspan(number * kCodecBlockBytes, kCodecBlockBytes);
    }
};

// The texts below a folder, one after the other. ENOENT if they are less than a block.
Result<BlockSet> text_blocks(const std::string& folder);

// Rows of float32 as they are; rounded to float16, as float32 and as themselves; and as whole
// numbers from 0 to 255, as float32 and as bytes. Of others, the rows as they are.
std::vector<BlockSet> vector_blocks(const std::string& name, const Matrix& rows);

// The level-0 neighbours of a graph over the rows, as the graph's pages have them.
Result<BlockSet> link_blocks(const Matrix& rows);

} // namespace vexfs
