// SPDX-License-Identifier: Apache-2.0
//
// What is kept of the latencies of one round.
//
// Threads: pure functions on values.
#pragma once

#include <cstdint>
#include <span>

namespace vexfs {

struct Latency {
    uint64_t p50_ns = 0;
    uint64_t p90_ns = 0;
    uint64_t p99_ns = 0;
    uint64_t p999_ns = 0;
    uint64_t max_ns = 0;
};

// The value that `percent` of the samples do not exceed; at least one sample. Reorders them.
uint64_t percentile(std::span<uint64_t> samples, double percent);

// At least one sample. Reorders them.
Latency latency_of(std::span<uint64_t> samples_ns);

} // namespace vexfs
