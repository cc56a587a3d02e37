// SPDX-License-Identifier: Apache-2.0
//
// Robust pruning as a template over a code kernel: which of the candidates become neighbours.
//
// The nearest remaining candidate is picked, decoded to a query, and drops every remaining
// candidate that it is nearer to, by the factor alpha, than the origin is. Decoding once per pick
// and measuring the rest four at a time is what makes it cheap. Included only by the files that
// walk_loop.h is included by.
//
// Threads: works on the caller's arrays.
#pragma once

#include "index/graph/walk.h"
#include "index/kernels/code_scalar.h"

namespace vexfs::index {
namespace {

template <typename Code>
struct SelectLoop {
    // True if a candidate at distance `between` from a pick and `from_origin` from the origin is
    // kept.
    VEXFS_CODE_INLINE bool keeps(int64_t between, int64_t from_origin, uint32_t alpha_256) {
        return between * alpha_256 > from_origin * 256;
    }

    // Measures all candidates from `first` on against the decoded pick, and closes the gaps of the
    // dropped ones.
    VEXFS_CODE_INLINE uint32_t keep_far(Selection& job, const typename Code::Query& query,
                                        int64_t offset, uint32_t first, uint32_t count) {
        uint32_t kept = first;
        for (uint32_t i = first; i < count; i += 4) {
            const uint8_t* records[4];
            for (uint32_t t = 0; t < 4; ++t)
                records[t] = job.records[i + t < count ? i + t : count - 1];
            alignas(16) int32_t between[4];
            Code::store(Code::distance4(records, query), between);
            for (uint32_t t = 0; t < 4 && i + t < count; ++t) {
                const int32_t from_origin = job.distances[i + t];
                const uint32_t node = job.nodes[i + t];
                job.records[kept] = records[t];
                job.distances[kept] = from_origin;
                job.nodes[kept] = node;
                kept += keeps(between[t] + offset, from_origin, job.alpha_256);
            }
        }
        job.distances_computed += count - first;
        return kept;
    }

    static uint32_t select(Selection& job) {
        uint32_t count = job.count, picked = 0;
        for (uint32_t i = 0; i < count && picked < job.limit; ++i) {
            job.picked[picked++] = job.nodes[i];
            if (picked == job.limit || i + 1 == count)
                break;
            const int32_t offset = Code::decode(job.records[i], job.decoded, job.blocks);
            const auto query = Code::query(job.decoded, job.blocks);
            count = keep_far(job, query, offset, i + 1, count);
        }
        return picked;
    }
};

} // namespace
} // namespace vexfs::index
