// SPDX-License-Identifier: Apache-2.0
//
// Traces of the cache while the files below a folder are read.
//
// Threads: one thread.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace vexfs {

// Writes PREFIX.uniform, PREFIX.liked and PREFIX.scan: the paths of so many files are walked in a
// volume in memory and the files read whole, with a cache of a quarter of what all need. Any file;
// the n-th most liked one with a chance of 1/n; and such of the first tenth by turns with all files
// in their order. The names of what was written.
Result<std::vector<std::string>> record_traces(const std::string& from, const std::string& prefix,
                                               uint64_t reads, uint64_t seed);

} // namespace vexfs
