// SPDX-License-Identifier: Apache-2.0
//
// What `vexfs-bench open` found, as text for people and as results for programs.
//
// Threads: pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "bench/machine/machine.h"
#include "bench/open/open_run.h"
#include "bench/result/result_file.h"

namespace vexfs {

struct OpenBenchReport {
    Machine machine;
    std::string command;
    OpenOptions options;
    std::optional<FillReport> fill; // nothing: the volume was there
    std::vector<OpenReport> clean;  // [round]: after a clean stop
    std::vector<OpenReport> killed; // [round]: after a kill
};

std::string text_of(const OpenBenchReport& report);
ResultFile results_of(const OpenBenchReport& report);

} // namespace vexfs
