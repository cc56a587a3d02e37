// SPDX-License-Identifier: Apache-2.0
//
// How slots are cut into pages: shared by the memory (page_array.h) and by the loops that address
// it.
//
// Threads: constants.
#pragma once

#include <cstdint>

namespace vexfs::index {

// Slots stay below this: a walk over a graph keeps a flag in the top bit.
constexpr uint32_t kMaxSlots = 1u << 31;
constexpr uint32_t kPageShift = 15;
constexpr uint32_t kRowsPerPage = 1u << kPageShift;

} // namespace vexfs::index
