// SPDX-License-Identifier: Apache-2.0
//
// The float loops behind encode() and prepare(): widen, project, quantise.
//
// A projection multiplies a matrix that is stored input by input (all columns of input 0, then of
// input 1, ...), so that every output lane adds its terms in the order of the inputs. Nothing is
// fused and nothing is added across lanes except in norm2(), whose order is fixed: every
// instruction set gives the same bits.
//
// Threads: immutable tables of pure functions, any thread.
#pragma once

#include <cstddef>
#include <cstdint>

#include "index/kernels/isa.h"
#include "index/kernels/metric.h"

namespace vexfs::index {

// What project() multiplies. Columns are a multiple of 64; matrix and mean are 64-byte aligned.
struct Projection {
    const float* mean;   // one per input, or null for zeros
    const float* matrix; // inputs * columns
    uint32_t columns;
};

struct ProjectKernels {
    // The sum over j of (vector[j] * scale - mean[j])^2, added in double.
    double (*norm2)(VectorView vector, float scale, const float* mean);
    // out[i] = sum over j of (vector[j] * scale - mean[j]) * matrix[j * columns + i]; 64-byte
    // aligned out.
    void (*project)(VectorView vector, float scale, const Projection& projection, float* out);
    // out[j] = vector[j] * scale - mean[j]. Writes dim floats, at any alignment.
    void (*centre)(VectorView vector, float scale, const float* mean, float* out);
    // out[i] = round(values[i] * inverse_step) in [-127, 127]; count is a multiple of 64; a NaN
    // becomes -127. Returns the sum of the squares of what it wrote.
    int32_t (*quantise)(const float* values, uint32_t count, float inverse_step, int8_t* out);
    // out[i] = round(values[i] * inverse_step + 7.5) in [0, 15]; count is a multiple of 64.
    void (*quantise4)(const float* values, uint32_t count, float inverse_step, int8_t* out);
};

// The kernels of an instruction set that is_supported().
const ProjectKernels& project_kernels(Isa isa);

// The table of one instruction set. Only project_kernels() calls them.
const ProjectKernels& project_kernels_scalar();
const ProjectKernels& project_kernels_avx2();
const ProjectKernels& project_kernels_avx512();
const ProjectKernels& project_kernels_neon();

} // namespace vexfs::index
