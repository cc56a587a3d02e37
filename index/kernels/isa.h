// SPDX-License-Identifier: Apache-2.0
//
// Which instruction set the kernels run with: found once, forced by a test.
//
// Every kernel exists once per Isa and is reached through a table that is picked by an Isa value.
// chosen_isa() is the only place that decides; whoever wants another one (a test, a benchmark)
// passes that Isa to the table function instead. Binaries are built for the baseline machine; only
// the files named after an instruction set use it.
//
// Threads: any thread.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.h"

namespace vexfs::index {

enum class Isa : uint8_t {
    kScalar, // plain C++, every machine
    kAvx2,   // AVX2, FMA, F16C
    kAvx512, // AVX-512 F, BW, DQ, VL, VNNI, and all of kAvx2
    kNeon,   // aarch64
};

constexpr Isa kAllIsas[] = {Isa::kScalar, Isa::kAvx2, Isa::kAvx512, Isa::kNeon};

// "scalar", "avx2", "avx512", "neon". A static string.
const char* name_of(Isa isa);

// The Isa of that name; EINVAL if there is none.
Result<Isa> isa_named(std::string_view name);

// True if this binary has the kernels, and processor and operating system can run them.
bool is_supported(Isa isa);

// The fastest supported one.
Isa best_isa();

// The one to use: best_isa(), or what the environment variable VEXFS_ISA names if that is supported
// (anything else is logged and ignored). Decided at the first call, the same ever after.
Isa chosen_isa();

} // namespace vexfs::index
