// SPDX-License-Identifier: Apache-2.0
#include "index/kernels/isa.h"

#include <cstdlib>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

#include "base/log.h"

namespace vexfs::index {
namespace {

#if defined(__x86_64__)
// __builtin_cpu_supports asks the operating system (xgetbv) as well as the processor. clang knows
// no name for F16C there; once AVX2 is usable its cpuid bit is all that is missing.
// A hypervisor may emulate cpuid, which takes microseconds: is_supported() asks once.
bool has_f16c() {
    unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
    return __get_cpuid(1, &eax, &ebx, &ecx, &edx) != 0 && (ecx & bit_F16C) != 0;
}

bool has_avx2() {
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && has_f16c();
}

bool has_avx512() {
    return has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
           __builtin_cpu_supports("avx512vnni");
}
#endif

Isa isa_of_environment() {
    const Isa best = best_isa();
    const char* wanted = std::getenv("VEXFS_ISA"); // NOLINT(concurrency-mt-unsafe): read once
    if (wanted == nullptr)
        return best;
    const Result<Isa> named = isa_named(wanted);
    if (named && is_supported(*named))
        return *named;
    log(LogLevel::kWarning, "index", "VEXFS_ISA names no instruction set that runs here",
        {{"wanted", wanted}, {"used", name_of(best)}});
    return best;
}

} // namespace

const char* name_of(Isa isa) {
    switch (isa) {
    case Isa::kScalar:
        return "scalar";
    case Isa::kAvx2:
        return "avx2";
    case Isa::kAvx512:
        return "avx512";
    case Isa::kNeon:
        return "neon";
    }
    return "unknown";
}

Result<Isa> isa_named(std::string_view name) {
    for (Isa isa : kAllIsas) {
        if (name == name_of(isa))
            return isa;
    }
    return fail(Code::kEINVAL, "isa: no instruction set has this name");
}

bool is_supported(Isa isa) {
    switch (isa) {
    case Isa::kScalar:
        return true;
#if defined(__x86_64__)
    case Isa::kAvx2: {
        static const bool has = has_avx2();
        return has;
    }
    case Isa::kAvx512: {
        static const bool has = has_avx512();
        return has;
    }
#elif defined(__aarch64__)
    case Isa::kNeon:
        return true;
#endif
    default:
        return false;
    }
}

Isa best_isa() {
    for (Isa isa : {Isa::kNeon, Isa::kAvx512, Isa::kAvx2}) {
        if (is_supported(isa))
            return isa;
    }
    return Isa::kScalar;
}

Isa chosen_isa() {
    static const Isa chosen = isa_of_environment();
    return chosen;
}

} // namespace vexfs::index
