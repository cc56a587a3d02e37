// SPDX-License-Identifier: Apache-2.0
//
// Conversions between element types, and the check that a vector may be stored at all.
//
// Half formats round to nearest, ties to even, and keep subnormals, infinities and the sign of
// zero; a NaN stays a NaN. Plain C++ on every machine; the distance kernels have instructions of
// their own for it.
//
// Threads: any thread; pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "index/kernels/metric.h"

namespace vexfs::index {

float f32_from_f16(uint16_t half);
float f32_from_bf16(uint16_t half);
uint16_t f16_from_f32(float value);
uint16_t bf16_from_f32(float value);

// Writes vector.dim floats. Exact for every element type; a bit becomes 0 or 1.
void to_f32(VectorView vector, float* out);

// Writes bytes_of(element, dim) bytes. i8 and u8 round to nearest even and saturate (a NaN becomes
// 0); a bit is set where the value is above 0.
void from_f32(const float* values, uint32_t dim, Element element, std::byte* out);

// The index of the first element that no row may have: NaN or Inf; in a bit vector, of the first
// spare bit that is set (an index of dim or more). Nothing if the vector is fine.
std::optional<uint32_t> first_invalid(VectorView vector);

} // namespace vexfs::index
