// SPDX-License-Identifier: Apache-2.0
//
// How long a writer waits at most while a commit of much data is under way: with all data placed in
// the freeze, which holds the writer lock, and with most of it written ahead of that.
//
// Threads: one thread; run() starts one more, which commits.
#pragma once

#include <string>

#include "bench/store/store_options.h"
#include "bench/store/store_report.h"

namespace vexfs {

// Makes an image below `folder`, and as many rounds on it as the options say, in turns.
Status measure_stalls(const StoreBenchOptions& options, const std::string& folder,
                      StoreReport& report);

} // namespace vexfs
