// SPDX-License-Identifier: Apache-2.0
//
// The portable kernel of code records: the reference that every other variant equals bit for bit.
//
// The variants code_scalar.h, code_avx2.h and code_avx512.h have one interface, so that a loop is
// written once as a template over them. Include them only in a translation unit compiled for that
// instruction set. Everything is in an anonymous namespace and uses raw pointers and plain structs
// only: the linker can then never hand the code of a new machine to an old one.
//
// kBlocks is record_bytes / 64, or 0 if it is known at run time only; kBits is 8, 4 or 1.
//
// Threads: pure functions, any thread.
#pragma once

#include <cstdint>
#include <cstring>

#define VEXFS_CODE_INLINE static inline __attribute__((always_inline))

namespace vexfs::index {
namespace {

// Four distances at a time, of kernels that do not keep them in a register.
struct FourInMemory {
    struct Four {
        int32_t value[4];
    };

    // Bit t is set if distance t is below the limit.
    VEXFS_CODE_INLINE uint32_t below(const Four& four, int32_t limit) {
        uint32_t mask = 0;
        for (uint32_t t = 0; t < 4; ++t)
            mask |= static_cast<uint32_t>(four.value[t] < limit) << t;
        return mask;
    }
    VEXFS_CODE_INLINE void store(const Four& four, int32_t* out) {
        memcpy(out, four.value, sizeof four.value);
    }
};

template <uint32_t kBlocks, uint32_t kBits>
struct CodeScalar : FourInMemory {
    // A query as the kernel wants it. Lends the bytes.
    struct Query {
        const int8_t* bytes;
        uint32_t blocks;
    };

    VEXFS_CODE_INLINE uint32_t blocks_of(const Query& query) {
        return kBlocks != 0 ? kBlocks : query.blocks;
    }

    VEXFS_CODE_INLINE Query query(const int8_t* bytes, uint32_t blocks) { return {bytes, blocks}; }

    VEXFS_CODE_INLINE uint32_t bias(const uint8_t* record, uint32_t blocks) {
        const uint8_t* place = record + 64 * blocks - 4;
        return static_cast<uint32_t>(place[0]) | static_cast<uint32_t>(place[1]) << 8 |
               static_cast<uint32_t>(place[2]) << 16 | static_cast<uint32_t>(place[3]) << 24;
    }

    VEXFS_CODE_INLINE int32_t distance(const uint8_t* record, const Query& query) {
        uint32_t blocks = blocks_of(query);
        uint32_t payload = 64 * blocks - 4;
        int32_t sum = 0;
        if constexpr (kBits == 8) {
            for (uint32_t j = 0; j < payload; ++j)
                sum += record[j] * query.bytes[j];
        } else if constexpr (kBits == 1) {
            for (uint32_t j = 0; j < 8 * payload; ++j)
                sum += (record[j / 8] >> (j % 8) & 1) * query.bytes[j];
        } else {
            const int8_t* high = query.bytes + 64 * blocks;
            for (uint32_t j = 0; j < payload; ++j)
                sum += (record[j] & 15) * query.bytes[j] + (record[j] >> 4) * high[j];
        }
        return static_cast<int32_t>(bias(record, blocks) - static_cast<uint32_t>(sum));
    }

    VEXFS_CODE_INLINE Four distance4(const uint8_t* const record[4], const Query& query) {
        return {{distance(record[0], query), distance(record[1], query), distance(record[2], query),
                 distance(record[3], query)}};
    }

    // Queries that interleave_queries() of code.h made, as the kernel wants them. Lends the bytes.
    struct Batch {
        const int8_t* bytes;
        uint32_t blocks;
    };
    static constexpr uint32_t kBatchRows = 1; // records that batch_distances() is best given

    VEXFS_CODE_INLINE Batch batch(const int8_t* bytes, uint32_t run_time_blocks) {
        return {bytes, kBlocks != 0 ? kBlocks : run_time_blocks};
    }

    // out[16 * r + q]: record r from query q.
    template <uint32_t kRows>
    VEXFS_CODE_INLINE void batch_distances(const uint8_t* const* records, const Batch& batch,
                                           int32_t* out) {
        const uint32_t payload = 64 * batch.blocks - 4;
        for (uint32_t r = 0; r < kRows; ++r) {
            int32_t sums[16] = {};
            for (uint32_t j = 0; kBits == 1 && j < 8 * payload; ++j) {
                const int8_t* four = batch.bytes + j / 4 * 64 + j % 4;
                for (uint32_t q = 0; q < 16; ++q)
                    sums[q] += (records[r][j / 8] >> (j % 8) & 1) * four[4 * q];
            }
            for (uint32_t j = 0; kBits != 1 && j < payload; ++j) {
                const int32_t byte = records[r][j];
                const int8_t* low = batch.bytes + j / 4 * 64 + j % 4;
                const int8_t* high = low + 1024 * static_cast<size_t>(batch.blocks);
                for (uint32_t q = 0; q < 16; ++q) {
                    if constexpr (kBits == 8)
                        sums[q] += byte * low[4 * q];
                    else
                        sums[q] += (byte & 15) * low[4 * q] + (byte >> 4) * high[4 * q];
                }
            }
            const uint32_t start = bias(records[r], batch.blocks);
            for (uint32_t q = 0; q < 16; ++q)
                out[16 * r + q] = static_cast<int32_t>(start - static_cast<uint32_t>(sums[q]));
        }
    }

    // decode_code() of code.h.
    VEXFS_CODE_INLINE int32_t decode(const uint8_t* record, int8_t* out, uint32_t run_time_blocks) {
        uint32_t blocks = kBlocks != 0 ? kBlocks : run_time_blocks;
        uint32_t payload = 64 * blocks - 4;
        memset(out, 0, 64 * static_cast<size_t>(blocks) * (8 / kBits));
        int32_t sum = 0;
        for (uint32_t j = 0; j < payload; ++j) {
            if constexpr (kBits == 1) {
                for (uint32_t b = 0; b < 8; ++b) {
                    out[8 * j + b] = (record[j] >> b & 1) != 0 ? 32 : -32;
                    sum += out[8 * j + b];
                }
            } else if constexpr (kBits == 8) {
                out[j] = static_cast<int8_t>((record[j] == 0 ? 1 : record[j]) - 128);
                sum += out[j];
            } else {
                out[j] = static_cast<int8_t>((record[j] & 15) * 8 - 60);
                out[64 * blocks + j] = static_cast<int8_t>((record[j] >> 4) * 8 - 60);
                sum += out[j] + out[64 * blocks + j];
            }
        }
        // Every byte is a multiple of 4 (4 bit) or 32 (1 bit), so that half of the sum is whole.
        uint32_t centre =
            static_cast<uint32_t>(kBits == 8 ? sum * 128 : sum / 2 * (kBits == 4 ? 15 : 1));
        return static_cast<int32_t>(bias(record, blocks) + centre);
    }
};

} // namespace
} // namespace vexfs::index
