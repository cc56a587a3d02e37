// SPDX-License-Identifier: Apache-2.0
//
// Runs the cases under valgrind and reads what it counted.
//
// Threads: one thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace vexfs {

// Instructions of each case, in their order. `program` is this one, which does the cases when its
// first words are `arguments`. ENOENT if there is no valgrind; EIO if it failed, or did not count
// as many cases.
Result<std::vector<uint64_t>> count_instructions(const std::string& program,
                                                 const std::vector<std::string>& arguments,
                                                 size_t cases);

// Of a file that callgrind wrote; 0 if it has none.
uint64_t instructions_in(std::string_view file);

} // namespace vexfs
