// SPDX-License-Identifier: Apache-2.0
//
// The ways in: in this process, by an ioctl of a FUSE mount, by a session of one.
//
// Threads: one thread.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "bench/frontends/volumes.h"

namespace vexfs {

using Answers = std::vector<std::vector<uint32_t>>; // [query]: numbers of rows

struct WayIn {
    std::string name;
    vexfs_node* node = nullptr; // whose engine answers
    // Sends so many queries in one message, and fetches their hits.
    std::function<Status(const float* vectors, uint32_t count, Answers& rows)> search;
    // Appends so many rows in one message, which need not be durable.
    std::function<Status(const float* vectors, uint32_t count)> insert;
};

// `dim`: of the collection. What they lend lives as long as the volumes.
Result<std::vector<WayIn>> ways_of(const Volumes& volumes, uint32_t dim, uint32_t k);

// Whether a message of so many vectors, and its reply, go by an ioctl; else libvexfs takes a
// session.
bool fits_an_ioctl(uint32_t dim, uint32_t k, uint32_t count);

// The exact answer.
Status search_exactly(vexfs_node* node, uint32_t dim, uint32_t k, const float* vector,
                      std::vector<uint32_t>& rows);

// Removes what was inserted, and waits until nothing is left to do.
Status take_back(vexfs_node* node);

// What the engine spent on searches so far: below its messages, in the
// collection.
Result<uint64_t> index_ns(vexfs_node* node);

} // namespace vexfs
