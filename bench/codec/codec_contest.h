// SPDX-License-Identifier: Apache-2.0
//
// The same blocks through each way of storing them, by turns.
//
// Threads: one thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "bench/codec/block_sets.h"

namespace vexfs {

struct CodecPlan {
    uint32_t rounds = 5;
    uint32_t processor = 0;
};

struct CodecFigures {
    std::string way;            // "lz4", "zstd", "auto", "numbers, lz4", "numbers, zstd"
    double share = 1;           // of the bytes that are left
    double disk_share = 1;      // of the blocks of 4 KiB that are left
    std::vector<double> encode; // bytes of the original a second; a round each
    std::vector<double> decode; // the same; nothing if no block became smaller
};

// What comes back is compared with what went in: EBADMSG if it differs.
Result<std::vector<CodecFigures>> run_codec_contest(const BlockSet& set, const CodecPlan& plan);

} // namespace vexfs
