// SPDX-License-Identifier: Apache-2.0
#include "index/codec/codec.h"

#include <algorithm>
#include <cfloat>
#include <cmath>
#include <cstring>
#include <utility>

#include "base/assert.h"
#include "base/bytes.h"
#include "index/kernels/convert.h"

namespace vexfs::index {
namespace {

// A query of 4-bit records is this much finer than they are; kernels/code.h fixes it.
constexpr float kQueryStepsPerNibble = 8;
// The same of 1-bit records.
constexpr float kQueryStepsPerBit = 64;
// The largest half that is a number.
constexpr float kHalfMax = 65504;
// Far above every honest bias, far below what would wrap with the largest sum of products.
constexpr double kBiasMax = 1 << 30;

bool scales_to_length_1(Metric metric) {
    return metric == Metric::kCosine || metric == Metric::kJaccard;
}

int32_t bias_from(double value) {
    return static_cast<int32_t>(std::lrint(std::min(value, kBiasMax)));
}

// The largest magnitude a component can have without being clamped.
float range_of(CodeShape shape, float step) {
    if (shape.bits == 1) // of a row nothing but the sign is kept: what a query can express
        return 127 * step / kQueryStepsPerBit;
    return shape.bits == 16 ? kHalfMax * step : shape.bits == 8 ? 127 * step : 8 * step;
}

} // namespace

Codec::Codec(CodecParameters parameters, Isa isa)
    : parameters_(std::move(parameters)), kernels_(&project_kernels(isa)) {
    const double unit = static_cast<double>(step()) * query_step();
    if (scales_to_length_1(metric()))
        zero_row_bias_ = bias_from(0.5 / unit);
    if (metric() == Metric::kDot && shape().bits != 16) {
        const double limit = parameters_.norm_limit;
        dot_bias_ = bias_from(limit * limit / (2 * unit));
    }
}

Result<Codec> Codec::make(CodecParameters parameters, Isa isa) {
    VEXFS_TRY_VOID(validate(parameters));
    return Codec(std::move(parameters), isa);
}

float Codec::query_step() const {
    if (shape().bits == 1)
        return step() / kQueryStepsPerBit;
    return shape().bits >= 8 ? step() : step() / kQueryStepsPerNibble;
}

size_t Codec::memory_bytes() const {
    return sizeof *this + parameters_.mean.size_bytes() + parameters_.matrix.size_bytes();
}

float Codec::scale_of(VectorView vector) const {
    if (!scales_to_length_1(metric()))
        return 1;
    const double length2 = kernels_->norm2(vector, 1, nullptr);
    if (!(length2 > 0))
        return 0;
    return static_cast<float>(std::min(1 / std::sqrt(length2), double{FLT_MAX}));
}

void Codec::project(VectorView vector, float scale, const float* mean, float* lanes) const {
    VEXFS_ASSERT(vector.element == element() && vector.dim == dim());
    const uint32_t columns = code_lanes(shape());
    if (parameters_.kind == CodecKind::kLearned) {
        kernels_->project(vector, scale, {mean, parameters_.matrix.data(), columns}, lanes);
        return;
    }
    std::memset(lanes, 0, columns * sizeof(float));
    kernels_->centre(vector, scale, mean, lanes);
}

double Codec::length2_of(const float* lanes) const {
    const VectorView view{Element::kF32, code_lanes(shape()),
                          reinterpret_cast<const std::byte*>(lanes)};
    return kernels_->norm2(view, 1, nullptr);
}

void Codec::fill_norm_lanes(float* lanes) const {
    const uint32_t count = parameters_.norm_lanes;
    const double limit = parameters_.norm_limit;
    const double missing2 = std::max(0.0, limit * limit - length2_of(lanes));
    const float share = static_cast<float>(std::sqrt(missing2 / count));
    const uint32_t components = code_components(shape());
    for (uint32_t j = components - count; j < components; ++j)
        lanes[lane_of(shape(), j)] = share;
}

int32_t Codec::quantise_row(const float* lanes, uint8_t* record) const {
    const uint32_t lane_count = code_lanes(shape());
    const uint32_t payload = shape().record_bytes - kCodeBiasBytes;
    if (shape().bits == 16) {
        for (uint32_t j = 0; j < payload / 2; ++j) {
            const float value = std::clamp(lanes[j] / step(), -kHalfMax, kHalfMax);
            store_le<uint16_t>(reinterpret_cast<std::byte*>(record) + size_t{2} * j,
                               f16_from_f32(value));
        }
        return 0;
    }
    alignas(64) int8_t values[kCodecLanesMax];
    if (shape().bits == 8) {
        const int32_t squares = kernels_->quantise(lanes, lane_count, 1 / step(), values);
        for (uint32_t j = 0; j < payload; ++j)
            record[j] = static_cast<uint8_t>(values[j] + 128);
        return (squares + 1) / 2;
    }
    if (shape().bits == 1) {
        std::memset(record, 0, payload);
        for (uint32_t j = 0; j < 8 * payload; ++j)
            record[j / 8] = static_cast<uint8_t>(record[j / 8] | (lanes[j] > 0) << j % 8);
        // Half a step each, in units of step * step / 64.
        return static_cast<int32_t>(8 * code_components(shape()));
    }
    kernels_->quantise4(lanes, lane_count, 1 / step(), values);
    const int8_t* high = values + shape().record_bytes;
    int32_t squares = 0;
    for (uint32_t j = 0; j < payload; ++j) {
        record[j] = static_cast<uint8_t>(values[j] | high[j] << 4);
        const int32_t a = 2 * values[j] - 15, b = 2 * high[j] - 15;
        squares += a * a + b * b;
    }
    // |x|^2 / 2 in units of step * step / 8, where a component is half of such an odd number of
    // steps.
    return squares;
}

void Codec::encode(VectorView row, uint8_t* record) const {
    alignas(64) float lanes[kCodecLanesMax];
    const float scale = scale_of(row);
    project(row, scale, parameters_.mean.data(), lanes);
    if (parameters_.norm_lanes != 0)
        fill_norm_lanes(lanes);
    int32_t bias = quantise_row(lanes, record);
    if (metric() == Metric::kDot)
        bias = dot_bias_;
    else if (scale == 0)
        bias += zero_row_bias_;
    set_code_bias(shape(), record, bias);
}

void Codec::encode_rows(const std::byte* rows, size_t stride_bytes, size_t count,
                        uint8_t* records) const {
    for (size_t i = 0; i < count; ++i)
        encode({element(), dim(), rows + i * stride_bytes}, records + i * shape().record_bytes);
}

// The order by inner product does not change with the query's length: use the whole range of a
// byte, or be as long as the rows are with their norm.
float Codec::dot_scale_of(const float* lanes) const {
    float largest = 0;
    for (uint32_t i = 0; i < code_lanes(shape()); ++i)
        largest = std::max(largest, std::fabs(lanes[i]));
    if (!(largest > 0))
        return 0;
    if (shape().bits != 16)
        return std::min(127 / largest, FLT_MAX);
    const double wanted = parameters_.norm_limit / query_step();
    return static_cast<float>(std::min(wanted / std::sqrt(length2_of(lanes)), double{FLT_MAX}));
}

void Codec::prepare(VectorView vector, QueryCode& query) const {
    alignas(64) float lanes[kCodecLanesMax];
    const uint32_t lane_count = code_lanes(shape());
    float inverse = 1 / query_step();
    if (metric() == Metric::kDot) {
        project(vector, 1, nullptr, lanes);
        inverse = dot_scale_of(lanes);
    } else {
        project(vector, scale_of(vector), parameters_.mean.data(), lanes);
    }
    query.generation = generation();
    if (shape().bits != 16) {
        kernels_->quantise(lanes, lane_count, inverse, query.values);
        return;
    }
    for (uint32_t i = 0; i < lane_count; ++i)
        lanes[i] *= inverse;
    std::memcpy(query.values, lanes, lane_count * sizeof(float));
}

RowLoss Codec::loss_of(VectorView row) const {
    alignas(64) float lanes[kCodecLanesMax];
    const float scale = scale_of(row);
    const float* mean = parameters_.mean.data();
    project(row, scale, mean, lanes);
    const double kept2 = length2_of(lanes);
    double lost2 = std::max(0.0, kernels_->norm2(row, scale, mean) - kept2);
    const float range = range_of(shape(), step());
    for (uint32_t i = 0; i < code_lanes(shape()); ++i) {
        const double excess = std::max(0.0f, std::fabs(lanes[i]) - range);
        lost2 += excess * excess;
    }
    const double limit = parameters_.norm_limit;
    return {static_cast<float>(std::min(lost2, double{FLT_MAX})),
            metric() == Metric::kDot && kept2 > limit * limit};
}

} // namespace vexfs::index
