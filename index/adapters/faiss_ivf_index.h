// SPDX-License-Identifier: Apache-2.0
//
// FAISS's IVF with product quantisation of 4 bits in its fast-scan layout, and the best candidates
// ranked again by their vectors: what FAISS recommends where codes shall be small.
//
// The number of lists and of codes follows the rows: 4 * sqrt(rows) lists, no more than its
// training asks rows for, and 4 bits for each two elements.
//
// Threads: as VectorIndex says, where searches at one time use one effort; build() lets FAISS use
// `threads` of OpenMP.
#pragma once

#include <memory>

#include "index/adapters/vector_index.h"

namespace vexfs::index {

// The effort of a search says both how many lists it looks through and how many times k candidates
// it ranks by their vectors.
struct IvfEffort {
    uint32_t probes = 1;
    uint32_t factor = 1; // 1..255

    [[nodiscard]] constexpr uint32_t packed() const { return probes << 8 | factor; }
    [[nodiscard]] static constexpr IvfEffort of(uint32_t packed) {
        return {packed >> 8, packed & 0xff};
    }
};

// How many lists an index of so many rows has.
uint32_t ivf_lists(uint64_t rows);

// An empty index, which build() trains and fills; EOPNOTSUPP for single rows and restrictions.
// EINVAL if the shape is out of range or the metric is none of kL2, kCosine, kDot.
Result<std::unique_ptr<VectorIndex>> make_faiss_ivf_index(const ForeignShape& shape);

} // namespace vexfs::index
