// SPDX-License-Identifier: Apache-2.0
//
// The loops of project.h, written once on vectors of kLaneBytes that are registers of the
// instruction set.
//
// Included by one translation unit per instruction set, compiled with that set's flags and with
// -ffp-contract=off, that gives the size of a register and the number of registers of sums that a
// projection may keep. Everything is internal and uses raw pointers and plain structs only: the
// linker can then never hand the code of a new machine to an old one.
//
// Threads: pure functions, any thread.
#pragma once

#include <cstdint>
#include <cstring>

#include "index/codec/project.h"

#define VEXFS_LANES_INLINE static inline __attribute__((always_inline))

#ifndef VEXFS_LANE_BYTES // what every x86-64 has
#define VEXFS_LANE_BYTES 16
#define VEXFS_LANE_STRIP 8
#endif

namespace vexfs::index {
namespace {

constexpr uint32_t kLaneBytes = VEXFS_LANE_BYTES;
constexpr uint32_t kStrip = VEXFS_LANE_STRIP;

typedef float FloatLanes __attribute__((vector_size(kLaneBytes)));
typedef double DoubleLanes __attribute__((vector_size(2 * kLaneBytes)));
typedef int32_t IntLanes __attribute__((vector_size(kLaneBytes)));
typedef uint16_t HalfLanes __attribute__((vector_size(kLaneBytes / 2)));
typedef uint8_t ByteLanes __attribute__((vector_size(kLaneBytes / 4)));
typedef int8_t SignedByteLanes __attribute__((vector_size(kLaneBytes / 4)));

constexpr uint32_t kLanes = kLaneBytes / sizeof(float);
// What is added across lanes is added in so many parts on every instruction set, so that the sum
// has the same bits.
constexpr uint32_t kParts = 16;
constexpr uint32_t kPartVectors = kParts / kLanes;
// Inputs that are widened at a time: 1 KiB of floats stays in the first-level cache.
constexpr uint32_t kChunk = 256;

template <typename Vector>
VEXFS_LANES_INLINE void load(Vector& to, const void* from) {
    memcpy(&to, from, sizeof to);
}
template <typename Vector>
VEXFS_LANES_INLINE void store(void* to, const Vector& from) {
    memcpy(to, &from, sizeof from);
}

VEXFS_LANES_INLINE uint32_t smaller(uint32_t a, uint32_t b) {
    return a < b ? a : b;
}

// kLanes elements as floats. An f16 that is Inf or NaN becomes a finite number above 65,504; no row
// may have one.
template <Element kElement>
VEXFS_LANES_INLINE void widen_lanes(const std::byte* from, FloatLanes& out) {
    if constexpr (kElement == Element::kF32) {
        load(out, from);
    } else if constexpr (kElement == Element::kF16) {
        HalfLanes raw;
        load(raw, from);
        const IntLanes half = __builtin_convertvector(raw, IntLanes);
        const IntLanes magnitude = (half & 0x7fff) << 13;
        // 2^112 moves the exponent bias of f16 to that of f32, for subnormals too.
        const FloatLanes value = reinterpret_cast<FloatLanes>(magnitude) * 0x1p112f;
        const IntLanes with_sign = reinterpret_cast<IntLanes>(value) | ((half & 0x8000) << 16);
        out = reinterpret_cast<FloatLanes>(with_sign);
    } else if constexpr (kElement == Element::kBf16) {
        HalfLanes raw;
        load(raw, from);
        const IntLanes bits = __builtin_convertvector(raw, IntLanes) << 16;
        out = reinterpret_cast<FloatLanes>(bits);
    } else if constexpr (kElement == Element::kI8) {
        SignedByteLanes raw;
        load(raw, from);
        out = __builtin_convertvector(__builtin_convertvector(raw, IntLanes), FloatLanes);
    } else if constexpr (kElement == Element::kU8) {
        ByteLanes raw;
        load(raw, from);
        out = __builtin_convertvector(__builtin_convertvector(raw, IntLanes), FloatLanes);
    }
}

// bytes_of() of metric.h, which has a public name and so must not be compiled here.
template <Element kElement>
VEXFS_LANES_INLINE size_t offset_of(uint32_t count) {
    if constexpr (kElement == Element::kF32)
        return size_t{4} * count;
    else if constexpr (kElement == Element::kF16 || kElement == Element::kBf16)
        return size_t{2} * count;
    else if constexpr (kElement == Element::kBit)
        return (size_t{count} + 7) / 8;
    else
        return count;
}

// Elements [first, first + count) as floats, and zeros up to a multiple of kParts. first is a
// multiple of kParts.
template <Element kElement>
VEXFS_LANES_INLINE void widen(const std::byte* data, uint32_t first, uint32_t count, float* out) {
    const std::byte* from = data + offset_of<kElement>(first);
    memset(out + count / kParts * kParts, 0, kParts * sizeof(float));
    uint32_t j = 0;
    if constexpr (kElement == Element::kBit) {
        for (; j < count; ++j)
            out[j] = static_cast<float>(static_cast<uint8_t>(from[j / 8]) >> j % 8 & 1);
        return;
    } else {
        FloatLanes lanes;
        for (; j + kLanes <= count; j += kLanes) {
            widen_lanes<kElement>(from + offset_of<kElement>(j), lanes);
            store(out + j, lanes);
        }
        if (j < count) {
            std::byte tail[sizeof(FloatLanes)] = {};
            memcpy(tail, from + offset_of<kElement>(j), offset_of<kElement>(count - j));
            widen_lanes<kElement>(tail, lanes);
            store(out + j, lanes);
        }
    }
}

VEXFS_LANES_INLINE void widen_any(const VectorView& vector, uint32_t first, uint32_t count,
                                  float* out) {
    switch (vector.element) {
    case Element::kF32:
        return widen<Element::kF32>(vector.data, first, count, out);
    case Element::kF16:
        return widen<Element::kF16>(vector.data, first, count, out);
    case Element::kBf16:
        return widen<Element::kBf16>(vector.data, first, count, out);
    case Element::kI8:
        return widen<Element::kI8>(vector.data, first, count, out);
    case Element::kU8:
        return widen<Element::kU8>(vector.data, first, count, out);
    case Element::kBit:
        return widen<Element::kBit>(vector.data, first, count, out);
    }
}

// values = values * scale - mean, on count floats; without a mean, on count rounded up to whole
// lanes.
VEXFS_LANES_INLINE void shift(float* values, uint32_t count, float scale, const float* mean) {
    uint32_t j = 0;
    if (mean == nullptr) {
        for (; j < count; j += kLanes) {
            FloatLanes lanes;
            load(lanes, values + j);
            store(values + j, lanes * scale);
        }
    }
    for (; j + kLanes <= count; j += kLanes) {
        FloatLanes lanes, centre;
        load(lanes, values + j);
        load(centre, mean + j);
        store(values + j, lanes * scale - centre);
    }
    for (; j < count; ++j)
        values[j] = values[j] * scale - mean[j];
}

double norm2(VectorView vector, float scale, const float* mean) {
    alignas(64) float chunk[kChunk + kParts];
    DoubleLanes sums[kPartVectors] = {};
    for (uint32_t first = 0; first < vector.dim; first += kChunk) {
        const uint32_t count = smaller(kChunk, vector.dim - first);
        widen_any(vector, first, count, chunk);
        shift(chunk, count, scale, mean == nullptr ? nullptr : mean + first);
        for (uint32_t j = 0; j < count; j += kParts) {
            for (uint32_t v = 0; v < kPartVectors; ++v) {
                FloatLanes lanes;
                load(lanes, chunk + j + v * kLanes);
                const DoubleLanes wide = __builtin_convertvector(lanes, DoubleLanes);
                sums[v] += wide * wide;
            }
        }
    }
    double total = 0;
    for (uint32_t i = 0; i < kParts; ++i)
        total += sums[i / kLanes][i % kLanes];
    return total;
}

void centre(VectorView vector, float scale, const float* mean, float* out) {
    alignas(64) float chunk[kChunk + kParts];
    for (uint32_t first = 0; first < vector.dim; first += kChunk) {
        const uint32_t count = smaller(kChunk, vector.dim - first);
        widen_any(vector, first, count, chunk);
        shift(chunk, count, scale, mean == nullptr ? nullptr : mean + first);
        memcpy(out + first, chunk, count * sizeof(float));
    }
}

// Adds `count` inputs to kRegisters registers of columns, kept there meanwhile.
template <uint32_t kRegisters>
VEXFS_LANES_INLINE void accumulate(const float* values, uint32_t count, const float* matrix,
                                   uint32_t columns, float* sums) {
    FloatLanes sum[kRegisters];
#pragma GCC unroll 8
    for (uint32_t r = 0; r < kRegisters; ++r)
        load(sum[r], sums + r * kLanes);
    for (uint32_t j = 0; j < count; ++j, matrix += columns) {
        const FloatLanes value = FloatLanes{} + values[j];
#pragma GCC unroll 8
        for (uint32_t r = 0; r < kRegisters; ++r) {
            FloatLanes weight;
            load(weight, __builtin_assume_aligned(matrix + r * kLanes, kLaneBytes));
            sum[r] += weight * value;
        }
    }
#pragma GCC unroll 8
    for (uint32_t r = 0; r < kRegisters; ++r)
        store(sums + r * kLanes, sum[r]);
}

void project(VectorView vector, float scale, const Projection& projection, float* out) {
    alignas(64) float chunk[kChunk + kParts];
    constexpr uint32_t kStripColumns = kStrip * kLanes, kColumnsUnit = 64;
    const uint32_t columns = projection.columns;
    const float* mean = projection.mean;
    memset(out, 0, columns * sizeof(float));
    for (uint32_t first = 0; first < vector.dim; first += kChunk) {
        const uint32_t count = smaller(kChunk, vector.dim - first);
        widen_any(vector, first, count, chunk);
        shift(chunk, count, scale, mean == nullptr ? nullptr : mean + first);
        const float* matrix = projection.matrix + static_cast<size_t>(first) * columns;
        uint32_t i = 0;
        for (; i + kStripColumns <= columns; i += kStripColumns)
            accumulate<kStrip>(chunk, count, matrix + i, columns, out + i);
        if constexpr (kStripColumns > kColumnsUnit) {
            for (; i < columns; i += kColumnsUnit)
                accumulate<kColumnsUnit / kLanes>(chunk, count, matrix + i, columns, out + i);
        }
    }
}

// Rounds to nearest even: adding 1.5 * 2^23 leaves the integer in the low bits of the sum.
VEXFS_LANES_INLINE void round_lanes(const float* values, float factor, float offset, float low,
                                    float high, IntLanes& out) {
    constexpr float kMagic = 0x1.8p23f;
    const FloatLanes lows = FloatLanes{} + low, highs = FloatLanes{} + high;
    FloatLanes lanes;
    load(lanes, values);
    lanes = lanes * factor + offset;
    lanes = lanes > lows ? lanes : lows;
    lanes = lanes < highs ? lanes : highs;
    const FloatLanes magic = FloatLanes{} + kMagic, sum = lanes + magic;
    out = reinterpret_cast<IntLanes>(sum) - reinterpret_cast<IntLanes>(magic);
}

int32_t quantise(const float* values, uint32_t count, float inverse_step, int8_t* out) {
    IntLanes squares = {};
    for (uint32_t i = 0; i < count; i += kLanes) {
        IntLanes lanes;
        round_lanes(values + i, inverse_step, 0, -127, 127, lanes);
        squares += lanes * lanes;
        store(out + i, __builtin_convertvector(lanes, SignedByteLanes));
    }
    int32_t total = 0;
    for (uint32_t i = 0; i < kLanes; ++i)
        total += squares[i];
    return total;
}

void quantise4(const float* values, uint32_t count, float inverse_step, int8_t* out) {
    for (uint32_t i = 0; i < count; i += kLanes) {
        IntLanes lanes;
        round_lanes(values + i, inverse_step, 7.5f, 0, 15, lanes);
        store(out + i, __builtin_convertvector(lanes, SignedByteLanes));
    }
}

constexpr ProjectKernels kProjectKernels = {norm2, project, centre, quantise, quantise4};

} // namespace
} // namespace vexfs::index
