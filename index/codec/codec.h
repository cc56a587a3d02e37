// SPDX-License-Identifier: Apache-2.0
//
// From vectors to code records and query codes.
//
// A codec maps every metric to squared Euclidean distance in one projected space, so that the
// integer distance of kernels/code.h orders rows nearly as the metric does; the caller re-ranks.
// - l2, hamming: the centred vector. cosine, jaccard: the same of the vector scaled to length 1.
// - A zero row under cosine has a bias that places it at distance 1 from every query. A zero query
//   finds rows in no meaningful order: all are at distance 1 from it.
// - dot: a row keeps sqrt(norm_limit^2 - |x|^2) in lanes where a query is zero, and all rows have
//   one bias: queries see inner products alone, rows see each other as on a sphere.
//
// Components beyond their range are clamped; NaN and Inf become some code.
//
// Threads: immutable, any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include "base/result.h"
#include "index/codec/parameters.h"
#include "index/codec/project.h"
#include "index/kernels/code.h"
#include "index/kernels/isa.h"
#include "index/kernels/metric.h"

namespace vexfs::index {

// A prepared query: what the kernels of kernels/code.h take. Records of a codec of another
// generation must not be compared with it.
struct alignas(64) QueryCode {
    int8_t values[kCodecLanesMax]; // code_query_bytes(shape) of them are set
    uint32_t generation;
};

// What a codec leaves out of a row, for judging whether it still fits the data.
struct RowLoss {
    float lost;       // squared length lost by projecting and clamping
    bool beyond_norm; // dot: the row is longer than norm_limit
};

class Codec {
  public:
    // EINVAL if the parameters are not valid; ENOMEM.
    static Result<Codec> make(CodecParameters parameters, Isa isa = chosen_isa());

    [[nodiscard]] const CodecParameters& parameters() const { return parameters_; }
    CodecParameters take_parameters() && { return std::move(parameters_); }
    [[nodiscard]] const CodecQuality& quality() const { return parameters_.quality; }
    [[nodiscard]] uint32_t generation() const { return parameters_.generation; }
    [[nodiscard]] CodeShape shape() const { return parameters_.shape; }
    [[nodiscard]] Metric metric() const { return parameters_.metric; }
    [[nodiscard]] Element element() const { return parameters_.element; }
    [[nodiscard]] uint32_t dim() const { return parameters_.dim; }
    [[nodiscard]] float step() const { return parameters_.step; }
    [[nodiscard]] float query_step() const;
    [[nodiscard]] size_t memory_bytes() const;

    // Writes shape().record_bytes at `record`. The row has the codec's element and dim.
    void encode(VectorView row, uint8_t* record) const;
    // The same for `count` rows that lie stride_bytes apart; records follow one another.
    void encode_rows(const std::byte* rows, size_t stride_bytes, size_t count,
                     uint8_t* records) const;
    // Fills `query` from a vector of the codec's element and dim. Allocates nothing.
    void prepare(VectorView vector, QueryCode& query) const;

    [[nodiscard]] RowLoss loss_of(VectorView row) const;

  private:
    Codec(CodecParameters parameters, Isa isa);

    // What a vector is multiplied with first: 1, or what makes its length 1; 0 for a zero vector
    // then.
    [[nodiscard]] float scale_of(VectorView vector) const;
    // The projected vector in code_lanes(shape) lanes, 64-byte aligned.
    void project(VectorView vector, float scale, const float* mean, float* lanes) const;
    [[nodiscard]] double length2_of(const float* lanes) const;
    void fill_norm_lanes(float* lanes) const;
    // Dot: what the lanes of a query are multiplied with.
    [[nodiscard]] float dot_scale_of(const float* lanes) const;
    // Writes all of a record but its bias and returns the bias of l2.
    int32_t quantise_row(const float* lanes, uint8_t* record) const;

    CodecParameters parameters_;
    const ProjectKernels* kernels_;
    int32_t zero_row_bias_ = 0; // cosine: what a zero row's bias is above that of l2
    int32_t dot_bias_ = 0;      // dot: the bias of every row
};

} // namespace vexfs::index
