// SPDX-License-Identifier: Apache-2.0
//
// What a test program counted, in a file for the page of measurements.
//
// Threads: one thread.
#pragma once

#include <string>
#include <vector>

#include "bench/result/result_file.h"

namespace vexfs {

// `reliability.NAME`, of our own.
Measurement counts_of(const std::string& name, const std::string& description,
                      std::vector<Parameter> parameters, uint64_t violations);

// How much was tried; more of it is neither better nor worse.
void add_count(Measurement& measurement, const char* what, uint64_t count);

// Writes them with the machine and the command line. An empty path is nowhere. False, and a line on
// stderr, if it cannot be written.
bool write_figures(const std::string& path, int argc, const char* const* argv,
                   std::vector<Measurement> measurements);

} // namespace vexfs
