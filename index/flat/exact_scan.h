// SPDX-License-Identifier: Apache-2.0
//
// Scans exact vectors: the answer that everything else is measured against.
//
// Threads: any number of scans over the same table at once, one scratch each.
#pragma once

#include <cstdint>
#include <limits>
#include <vector>

#include "base/result.h"
#include "index/flat/scan.h"
#include "index/flat/vector_table.h"

namespace vexfs::index {

struct ExactSearch {
    VectorView query;
    uint32_t k = 0;
    // Only rows at most this far, in the unit of the metric.
    float radius = std::numeric_limits<float>::infinity();
    ScanStop stop{};
};

// The k nearest of the rows by (distance, slot), written to `found`; fewer if there are fewer. The
// pages of all readable rows below rows.size exist. EINVAL if k is 0, the radius is NaN or the
// query is not of the table's kind or not valid; and what ScanStop says.
Status exact_nearest(const TableSource& source, const ScanRows& rows, const ExactSearch& search,
                     ScanScratch& scratch, ScanCounters& counters, std::vector<Neighbor>& found);

} // namespace vexfs::index
