// SPDX-License-Identifier: Apache-2.0
#include "index/codec/parameters.h"

#include <cmath>
#include <span>
#include <vector>

namespace vexfs::index {
namespace {

bool all_finite(std::span<const float> floats) {
    for (float value : floats) {
        if (!std::isfinite(value))
            return false;
    }
    return true;
}

// A query has no byte where a record keeps its bias, and none where a row keeps its missing norm.
bool unused_lanes_zero(const CodecParameters& parameters) {
    const CodeShape shape = parameters.shape;
    const uint32_t columns = code_lanes(shape), components = code_components(shape);
    std::vector<bool> used(columns, false);
    for (uint32_t j = 0; j < components - parameters.norm_lanes; ++j)
        used[lane_of(shape, j)] = true;
    for (size_t cell = 0; cell < parameters.matrix.size(); ++cell) {
        if (!used[cell % columns] && parameters.matrix.data()[cell] != 0)
            return false;
    }
    return true;
}

bool is_share(float value) {
    return value >= 0 && value <= 1;
}

Status validate_arrays(const CodecParameters& parameters) {
    const size_t dim = parameters.dim;
    const bool learned = parameters.kind == CodecKind::kLearned;
    const size_t cells = learned ? dim * code_lanes(parameters.shape) : 0;
    if (parameters.mean.size() != dim || parameters.matrix.size() != cells)
        return fail(Code::kEINVAL, "codec: length of its mean or matrix");
    if (!all_finite(parameters.mean.view()) || !all_finite(parameters.matrix.view()))
        return fail(Code::kEINVAL, "codec: a number in its mean or matrix is not finite");
    if (!unused_lanes_zero(parameters))
        return fail(Code::kEINVAL, "codec: a lane of its matrix that must be 0");
    return ok();
}

Status validate_quality(const CodecQuality& quality) {
    const bool measured = is_share(quality.sample_recall);
    if (!measured && quality.sample_recall != -1)
        return fail(Code::kEINVAL, "codec: sample recall");
    if (!is_share(quality.energy_kept) || !std::isfinite(quality.variance) ||
        quality.variance < 0 || !std::isfinite(quality.lost_share) || quality.lost_share < 0)
        return fail(Code::kEINVAL, "codec: energy, variance or loss");
    return ok();
}

} // namespace

Status validate(const CodecParameters& parameters) {
    const CodeShape shape = parameters.shape;
    if (parameters.dim == 0 || parameters.dim > kMaxDim)
        return fail(Code::kEINVAL, "codec: dimension");
    if (!is_element(static_cast<uint8_t>(parameters.element)) ||
        !is_metric(static_cast<uint8_t>(parameters.metric)) ||
        !fits(parameters.element, parameters.metric))
        return fail(Code::kEINVAL, "codec: element and metric");
    if (!codec_shape_valid(shape))
        return fail(Code::kEINVAL, "codec: shape of its records");
    const bool plain = parameters.kind == CodecKind::kPlain;
    if (!plain && parameters.kind != CodecKind::kLearned)
        return fail(Code::kEINVAL, "codec: kind");
    const bool dot = parameters.metric == Metric::kDot;
    if (dot && shape.bits == 1)
        return fail(Code::kEINVAL, "codec: single bits cannot hold a norm");
    if (dot != (parameters.norm_lanes != 0) || parameters.norm_lanes > code_components(shape) / 2)
        return fail(Code::kEINVAL, "codec: lanes for the norm");
    const bool plain_bits = shape.bits == 1 && parameters.metric == Metric::kHamming;
    if (plain && shape.bits != 16 && shape.bits != 8 && !plain_bits)
        return fail(Code::kEINVAL, "codec: bits of plain codes");
    if (plain && parameters.dim + parameters.norm_lanes > code_components(shape))
        return fail(Code::kEINVAL, "codec: plain codes need a component for each element");
    // The reciprocals of both steps and of their product must be finite too.
    if (!(parameters.step >= 1e-30f && parameters.step <= 1e30f))
        return fail(Code::kEINVAL, "codec: step");
    if (!std::isfinite(parameters.norm_limit) || parameters.norm_limit < 0)
        return fail(Code::kEINVAL, "codec: limit of the norm");
    VEXFS_TRY_VOID(validate_quality(parameters.quality));
    return validate_arrays(parameters);
}

} // namespace vexfs::index
