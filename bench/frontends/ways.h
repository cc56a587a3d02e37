// SPDX-License-Identifier: Apache-2.0
//
// The ways of one search: in this process, by an ioctl of a FUSE mount, by a
// session of one.
//
// Threads: one thread.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "bench/frontends/volumes.h"

namespace vexfs {

struct WayOfSearch {
    std::string name;
    vexfs_node* node = nullptr; // whose engine answers
    // Sends the query, and fetches the numbers of its hits.
    std::function<Status(const float* vector, std::vector<uint32_t>& rows)> search;
};

// `dim`: of the collection. What they lend lives as long as the volumes.
Result<std::vector<WayOfSearch>> ways_of(const Volumes& volumes, uint32_t dim, uint32_t k);

// The exact answer.
Status search_exactly(vexfs_node* node, uint32_t dim, uint32_t k, const float* vector,
                      std::vector<uint32_t>& rows);

// What the engine spent on searches so far: below its messages, in the
// collection.
Result<uint64_t> index_ns(vexfs_node* node);

} // namespace vexfs
