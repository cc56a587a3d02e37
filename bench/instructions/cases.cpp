// SPDX-License-Identifier: Apache-2.0
#include "bench/instructions/cases.h"

#include <cstdio>

namespace vexfs {

extern "C" [[gnu::noinline]] void vexfs_counted(const CountedWork& work, Status& done) {
    done = work();
    // Nothing behind the call may become its tail: the counting ends where this function does.
    asm volatile("" ::: "memory");
}

std::vector<CountedCase> all_cases() {
    std::vector<CountedCase> all;
    for (const auto some : {index_cases(), store_cases(), filter_cases()})
        all.insert(all.end(), some.begin(), some.end());
    return all;
}

Status run_all_cases() {
    for (const CountedCase& one : all_cases()) {
        const CountedWork work = VEXFS_TRY(one.prepare());
        Status done = ok();
        vexfs_counted(work, done);
        if (!done) {
            std::fprintf(stderr, "vexfs-bench instructions: %s: %s\n", one.name, done.error().what);
            return done;
        }
    }
    return ok();
}

} // namespace vexfs
