// SPDX-License-Identifier: Apache-2.0
//
// The kernel of 16-bit code records, for whatever holds sixteen floats. The interface is that of
// code_scalar.h; the rule about where it may be included stands there.
//
// Component j is added to sum j % 16, and the sums are added in one order, each operation rounded
// by itself: every instruction set gives the same bits, if the compiler fuses none of them. The
// build says so for the files that include this.
//
// Threads: pure functions, any thread.
#pragma once

#include <cstdint>
#include <cstring>

#include "index/kernels/code_scalar.h"

namespace vexfs::index {
namespace {

// Sixteen floats, portably. What it does is what its relatives of other machines do.
struct SixteenScalar {
    struct Floats {
        float lane[16];
    };

    VEXFS_CODE_INLINE Floats zeros() { return {}; }
    VEXFS_CODE_INLINE Floats same(float value) {
        Floats out;
        for (float& lane : out.lane)
            lane = value;
        return out;
    }
    VEXFS_CODE_INLINE Floats load(const void* from) {
        Floats out;
        memcpy(out.lane, from, sizeof out.lane);
        return out;
    }
    VEXFS_CODE_INLINE void store(const Floats& floats, void* to) {
        memcpy(to, floats.lane, sizeof floats.lane);
    }
    VEXFS_CODE_INLINE float widen(const uint8_t* place) {
        const uint32_t half = static_cast<uint32_t>(place[0]) | static_cast<uint32_t>(place[1])
                                                                    << 8;
        const uint32_t sign = (half & 0x8000) << 16, magnitude = half & 0x7fff;
        float value;
        if (magnitude < 0x400) { // a multiple of 2^-24
            value = static_cast<float>(magnitude) * 0x1p-24F;
        } else {
            const uint32_t exponent = magnitude >= 0x7c00 ? 0x38000000 + 0x38000000 : 0x38000000;
            // What is no number is a quiet one, as machines make it.
            const uint32_t quiet = magnitude > 0x7c00 ? 0x400000 : 0;
            const uint32_t bits = ((magnitude << 13) + exponent) | quiet;
            memcpy(&value, &bits, sizeof value);
        }
        uint32_t bits;
        memcpy(&bits, &value, sizeof bits);
        bits |= sign;
        memcpy(&value, &bits, sizeof value);
        return value;
    }
    // Of sixteen halves, the first `count`, which is 16 or 14; zeros follow.
    template <uint32_t count>
    VEXFS_CODE_INLINE Floats halves(const uint8_t* place) {
        Floats out{};
        for (uint32_t i = 0; i < count; ++i)
            out.lane[i] = widen(place + 2 * i);
        return out;
    }
    VEXFS_CODE_INLINE Floats add(const Floats& a, const Floats& b) {
        Floats out;
        for (uint32_t i = 0; i < 16; ++i)
            out.lane[i] = a.lane[i] + b.lane[i];
        return out;
    }
    VEXFS_CODE_INLINE Floats add_square(const Floats& sum, const Floats& a, const Floats& b) {
        Floats out;
        for (uint32_t i = 0; i < 16; ++i) {
            const float apart = a.lane[i] - b.lane[i];
            out.lane[i] = sum.lane[i] + apart * apart;
        }
        return out;
    }
    // Lane i and lane i + 8, of those i and i + 4, and so on.
    VEXFS_CODE_INLINE float total(Floats sums) {
        for (uint32_t width = 8; width > 0; width /= 2) {
            for (uint32_t i = 0; i < width; ++i)
                sums.lane[i] = sums.lane[i] + sums.lane[i + width];
        }
        return sums.lane[0];
    }
};

template <typename Sixteen>
struct CodeHalf : FourInMemory {
    using Floats = typename Sixteen::Floats;
    struct Query {
        const int8_t* bytes; // sixteen floats in 64 of them
        uint32_t blocks;
    };

    // Below what wraps with the largest bias; also what is no number counts as this far.
    static constexpr float kFarthest = 1073741696;

    VEXFS_CODE_INLINE uint32_t blocks_of(const Query& query) { return query.blocks; }
    VEXFS_CODE_INLINE Query query(const int8_t* bytes, uint32_t blocks) { return {bytes, blocks}; }

    VEXFS_CODE_INLINE int32_t finish(float squares, uint32_t bias) {
        const float half = squares * 0.5F;
        const float bounded = half < kFarthest ? half : kFarthest;
        auto whole = static_cast<int32_t>(bounded);
        whole += static_cast<float>(whole) < bounded ? 1 : 0;
        return static_cast<int32_t>(bias + static_cast<uint32_t>(whole));
    }

    VEXFS_CODE_INLINE uint32_t bias(const uint8_t* record, uint32_t blocks) {
        return CodeScalar<0, 8>::bias(record, blocks);
    }

    VEXFS_CODE_INLINE int32_t distance(const uint8_t* record, const Query& query) {
        const uint32_t last = 2 * query.blocks - 1;
        Floats sums = Sixteen::zeros();
        for (uint32_t i = 0; i < last; ++i) {
            const Floats row = Sixteen::template halves<16>(record + 32 * i);
            sums = Sixteen::add_square(sums, row, Sixteen::load(query.bytes + 64 * i));
        }
        const Floats row = Sixteen::template halves<14>(record + 32 * last);
        sums = Sixteen::add_square(sums, row, Sixteen::load(query.bytes + 64 * last));
        return finish(Sixteen::total(sums), bias(record, query.blocks));
    }

    VEXFS_CODE_INLINE Four distance4(const uint8_t* const record[4], const Query& query) {
        return {{distance(record[0], query), distance(record[1], query), distance(record[2], query),
                 distance(record[3], query)}};
    }

    struct Batch {
        const int8_t* bytes; // component after component, sixteen floats each: one of every query
        uint32_t blocks;
    };
    static constexpr uint32_t kBatchRows = 1;

    VEXFS_CODE_INLINE Batch batch(const int8_t* bytes, uint32_t blocks) { return {bytes, blocks}; }

    // A lane for each query. The sums are those of distance(), side by side instead of lane by
    // lane.
    template <uint32_t kRows>
    VEXFS_CODE_INLINE void batch_distances(const uint8_t* const* records, const Batch& batch,
                                           int32_t* out) {
        static_assert(kRows == 1);
        const uint32_t last = 2 * batch.blocks - 1;
        Floats sums[16];
        for (Floats& sum : sums)
            sum = Sixteen::zeros();
        for (uint32_t i = 0; i <= last; ++i) {
            alignas(64) float row[16];
            Sixteen::store(i < last ? Sixteen::template halves<16>(records[0] + 32 * i)
                                    : Sixteen::template halves<14>(records[0] + 32 * i),
                           row);
            const int8_t* queries = batch.bytes + 1024 * static_cast<size_t>(i);
#pragma GCC unroll 16
            for (uint32_t j = 0; j < 16; ++j)
                sums[j] = Sixteen::add_square(sums[j], Sixteen::same(row[j]),
                                              Sixteen::load(queries + 64 * j));
        }
        for (uint32_t width = 8; width > 0; width /= 2) {
            for (uint32_t j = 0; j < width; ++j)
                sums[j] = Sixteen::add(sums[j], sums[j + width]);
        }
        alignas(64) float totals[16];
        Sixteen::store(sums[0], totals);
        const uint32_t start = bias(records[0], batch.blocks);
        for (uint32_t q = 0; q < 16; ++q)
            out[q] = finish(totals[q], start);
    }

    VEXFS_CODE_INLINE int32_t decode(const uint8_t* record, int8_t* out, uint32_t blocks) {
        const uint32_t last = 2 * blocks - 1;
        for (uint32_t i = 0; i < last; ++i)
            Sixteen::store(Sixteen::template halves<16>(record + 32 * i), out + 64 * i);
        Sixteen::store(Sixteen::template halves<14>(record + 32 * last), out + 64 * last);
        return static_cast<int32_t>(bias(record, blocks));
    }
};

} // namespace
} // namespace vexfs::index
