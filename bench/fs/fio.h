// SPDX-License-Identifier: Apache-2.0
//
// A few jobs of fio(1) as trials, beside our own: the same work as another program does and times
// it.
//
// A slice is one run of fio in a process of its own; what it wrote is not trusted.
//
// Threads: one thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bench/fs/trial.h"

namespace vexfs {

// The same ones whether fio is installed or not.
std::vector<Trial> fio_trials();

// "fio-3.33"; empty if it is not installed.
std::string fio_version();

// Where in fio's JSON the figures of a job are.
struct FioPlaces {
    const char* time;       // whose runtime: "read" or "write"
    const char* operations; // which are counted, and have the latencies: "read", "write" or "sync"
};

// One job out of the JSON that fio wrote; without latencies if it had no time for an operation.
// Nothing if it is not all there; `complaint` then names what is wrong: "jobs[0].read.runtime is no
// number".
std::optional<Slice> parse_fio(std::string_view text, const FioPlaces& places,
                               std::string& complaint);

} // namespace vexfs
