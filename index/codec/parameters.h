// SPDX-License-Identifier: Apache-2.0
//
// What a codec has learned, as plain values: the only thing that is trained, stored and loaded.
//
// Threads: a value; one owner until a Codec takes it, immutable from then on.
#pragma once

#include <cstdint>

#include "base/result.h"
#include "index/codec/aligned_floats.h"
#include "index/kernels/code.h"
#include "index/kernels/metric.h"

namespace vexfs::index {

enum class CodecKind : uint8_t {
    kLearned = 1, // the directions of largest variance, turned at random; 16, 8, 4 or 1 bits
    kPlain = 2,   // each element as it is, scaled; 16 or 8 bits, or 1 under hamming; dim components
};

// The widest record a codec makes.
constexpr uint32_t kCodecRecordBytesMax = 1024;
// The most lanes a projection can have: what a query of the widest 4-bit record holds.
constexpr uint32_t kCodecLanesMax = 2 * kCodecRecordBytesMax;

// Dot: one component in so many carries the missing norm.
constexpr uint32_t kComponentsPerNormLane = 8;

// The neighbours that a trial of a codec looks for.
constexpr size_t kTrialNeighbours = 10;

// Why this codec was chosen, and what later rows are compared with.
struct CodecQuality {
    uint32_t training_rows = 0;
    // The exact distances that a search for kTrialNeighbours needs to reach sample_recall.
    uint32_t rerank_depth = 0;
    float sample_recall =
        -1; // recall@10 of rows held out of the training; -1: too few rows to measure
    float energy_kept = 1; // share of the variance that the codes can express
    float variance = 0;    // mean squared length of a centred training row
    float lost_share = 0;  // of a row's variance, lost by projecting and clamping
};

struct CodecParameters {
    uint32_t generation = 0;
    Element element = Element::kF32;
    Metric metric = Metric::kL2;
    CodecKind kind = CodecKind::kLearned;
    uint32_t dim = 0;
    CodeShape shape{kCodeBlockBytes, 8};
    // Dot only: how many of the last components hold what a row's length lacks to norm_limit.
    uint32_t norm_lanes = 0;
    float norm_limit = 0;
    // What a change of one in a record is worth.
    float step = 1;
    CodecQuality quality;
    AlignedFloats mean;   // dim
    AlignedFloats matrix; // kLearned: dim * code_lanes(shape), input by input; kPlain: empty
};

// A shape that a codec can have.
constexpr bool codec_shape_valid(CodeShape shape) {
    return code_shape_valid(shape) && shape.record_bytes <= kCodecRecordBytesMax &&
           code_query_bytes(shape) <= kCodecLanesMax;
}

// The place of component j in a query and in a row of the matrix.
constexpr uint32_t lane_of(CodeShape shape, uint32_t component) {
    const uint32_t payload = shape.record_bytes - kCodeBiasBytes;
    return shape.bits != 4 || component < payload ? component : component + kCodeBiasBytes;
}

// The most dimensions of which a record holds each as a byte.
constexpr uint32_t plain_dim_max(Metric metric) {
    const uint32_t components = code_components({kCodecRecordBytesMax, 8});
    return components - (metric == Metric::kDot ? components / kComponentsPerNormLane : 0);
}

// EINVAL unless every field is in range, every float finite and every array as long as it must be.
Status validate(const CodecParameters& parameters);

} // namespace vexfs::index
