// SPDX-License-Identifier: Apache-2.0
#include "base/assert.h"

#include <cstdio>
#include <cstdlib>

namespace vexfs {

void assertion_failed(const char* expression, const char* file, int line) {
    // Straight to stderr: the log may be the thing that is broken.
    std::fprintf(stderr, "vexfs: assertion failed: %s at %s:%d\n", expression, file, line);
    std::fflush(stderr);
    std::abort();
}

} // namespace vexfs
