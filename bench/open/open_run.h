// SPDX-License-Identifier: Apache-2.0
//
// A volume with one collection, its stops and its opens, each in a process of its own.
//
// Threads: one thread.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "bench/data/generate.h"

namespace vexfs {

class OpenImage;

struct OpenOptions {
    std::string programs;
    std::string folder; // empty: one that is removed in the end
    uint64_t rows = 100'000;
    uint64_t dim = 128;
    uint64_t rows_a_file = 1000;
    uint64_t rounds = 3;
    uint64_t memory_mib = 512;
    bool json = false;
};

struct FillReport {
    double put_seconds = 0;  // until all rows are durable
    double link_seconds = 0; // and from then on until all are linked
    double stop_seconds = 0; // of the clean stop
};

// Seconds since the process began to open the volume, where nothing else is said.
struct OpenReport {
    double mounted = 0;
    double first_answer = 0;
    double full_speed = 0;   // the end of the first slice of searches at the pace of the last ones
    double first_recall = 0; // of the first slice, of 10
    double slice_us = 0;     // the middle search of the first slice
    double last_us = 0;      // and of the last ones
    double linked = 0;       // when nothing was pending any more
    uint64_t pending = 0;    // rows after the first answer
    uint64_t dead = 0;       // and slots of removed rows that are still in the graph
};

class OpenRun {
  public:
    // `options` outlive it. `folder` has nothing of others.
    OpenRun(const OpenOptions& options, const std::string& folder);

    // An earlier run left the volume.
    [[nodiscard]] bool is_filled() const;
    Result<FillReport> fill(std::string& explanation);
    // Opens, measures, and stops cleanly.
    Result<OpenReport> open() const;
    // Opens, and is killed while it puts rows again that are there.
    Status kill() const;

  private:
    Status make_collection(const std::string& path) const;
    Status put_file(const OpenImage& image, uint64_t file) const;
    [[nodiscard]] uint64_t memory_bytes() const { return options_.memory_mib << 20; }
    [[nodiscard]] uint64_t files() const {
        return (options_.rows + options_.rows_a_file - 1) / options_.rows_a_file;
    }

    const OpenOptions& options_;
    const std::string image_; // it has this name once it is filled
    const VectorSet set_;
    std::vector<float> farthest_; // of each query: the distance of its last true hit
};

} // namespace vexfs
