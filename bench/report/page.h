// SPDX-License-Identifier: Apache-2.0
//
// The page: one self-contained HTML document made of results alone.
//
// Threads: a pure function.
#pragma once

#include <string>

#include "bench/result/result_file.h"

namespace vexfs {

std::string html_of(const ResultFile& file);

} // namespace vexfs
