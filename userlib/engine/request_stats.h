// SPDX-License-Identifier: Apache-2.0
//
// Counts what front ends ask for: per kind of request how often, how often in vain, how long.
//
// Threads: any, without a lock.
#pragma once

#include <atomic>
#include <memory>
#include <vector>

#include "ioctl/vexfs_queue.h"
#include "userlib/device/histogram.h"

namespace vexfs {

// The name of a request of vexfs_queue.h ("lookup"); nullptr if there is none of that number.
const char* request_name(uint32_t op);

struct RequestCount {
    const char* name = nullptr;
    uint64_t failed = 0;
    HistogramSnapshot latency_ns; // its count is that of the requests
};

class RequestStats {
  public:
    RequestStats();
    ~RequestStats();
    RequestStats(const RequestStats&) = delete;
    RequestStats& operator=(const RequestStats&) = delete;

    // An op without a name is not counted.
    void record(uint32_t op, uint64_t nanoseconds, bool failed);
    // Those that were asked for at all, in the order of their numbers.
    [[nodiscard]] std::vector<RequestCount> counts() const;

  private:
    struct Op {
        std::atomic<uint64_t> failed{0};
        Histogram latency_ns;
    };
    const std::unique_ptr<Op[]> ops_;
};

} // namespace vexfs
