// SPDX-License-Identifier: Apache-2.0
//
// Learns a codec from some rows: which directions, how many bytes, how many bits.
//
// Part of the rows is held out. From the smallest record upwards, each candidate encodes the others
// and answers the held-out ones; the first whose re-ranked recall reaches the wanted one is taken,
// else the best. What was tried and measured is returned, so that the choice can be shown. The same
// rows, options and program give the same codec.
//
// Threads: pure functions, any thread. Takes from milliseconds to a few seconds.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/result.h"
#include "index/codec/codec.h"
#include "index/codec/linear_map.h"

namespace vexfs::index {

// Training rows, lent. A few thousand, drawn evenly from all rows, are enough; more than 16,384 are
// thinned out.
struct TrainingTable {
    Element element;
    Metric metric;
    uint32_t dim;
    const std::byte* rows;
    size_t stride_bytes;
    size_t count;

    [[nodiscard]] VectorView row(size_t i) const { return {element, dim, rows + i * stride_bytes}; }
};

struct TrainOptions {
    uint32_t generation = 1;
    uint64_t seed = 1;
    // What is set here is not up for choice.
    std::optional<CodecKind> kind;
    std::optional<CodeShape> shape;
    std::optional<uint32_t> bits;
    float recall_wanted = 0.995f;
    const Trainer* trainer = nullptr; // none: PcaTrainer
};

struct CodecTrial {
    CodecKind kind;
    CodeShape shape;
    CodecQuality quality;
};

struct TrainedCodec {
    Codec codec;
    std::vector<CodecTrial> trials; // in the order they were made; empty if nothing was measured
};

// EINVAL if the table is empty, its element and metric do not go together, its numbers are not
// finite, or the options ask for a shape that cannot hold the rows; ENOMEM.
Result<TrainedCodec> train_codec(const TrainingTable& table, const TrainOptions& options);

} // namespace vexfs::index
