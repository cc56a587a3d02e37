// SPDX-License-Identifier: Apache-2.0
//
// The rows, queries and exact answers that a measurement runs on: read, generated or computed.
//
// Threads: one thread; exact answers are computed by all processors.
#pragma once

#include <string>

#include "base/result.h"
#include "bench/ann/ann_options.h"
#include "bench/ann/report.h"
#include "bench/data/generate.h"
#include "bench/data/truth.h"

namespace vexfs {

// What --base and --query name, or the set of --quick. On failure false, and `complaint` says why.
bool load_set(const AnnOptions& options, VectorSet& set, DataDescription& description,
              std::string& complaint);

// What --truth names, what was kept of an earlier run, or the computed answers to the first k.
bool load_truth(const AnnOptions& options, const VectorSet& set, const ExactDistance& distance,
                Truth& truth, DataDescription& description, std::string& complaint);

uint32_t all_processors();

} // namespace vexfs
