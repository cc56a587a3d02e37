// SPDX-License-Identifier: Apache-2.0
#include "userlib/tools/vexctl/progress.h"

#include <cstdio>

#include <unistd.h>

#include "userlib/tools/vexctl/node.h"
#include "userlib/tools/vexctl/status.h"

namespace vexfs {

Progress::Progress(std::string what)
    : what_(std::move(what)), shown_(::isatty(STDERR_FILENO) == 1) {}

Progress::~Progress() {
    if (line_)
        std::fputs("\r\x1b[K", stderr);
}

double Progress::seconds() const {
    return std::chrono::duration<double>(Clock::now() - start_).count();
}

void Progress::show(uint64_t done, uint64_t all, uint64_t rows) {
    if (!shown_ || Clock::now() < next_)
        return;
    next_ = Clock::now() + std::chrono::milliseconds(200);
    line_ = true;
    const double passed = seconds();
    std::fprintf(stderr, "\r%s  %s rows  %s rows/s", what_.c_str(), grouped(rows).c_str(),
                 grouped(static_cast<uint64_t>(static_cast<double>(rows) / passed)).c_str());
    if (all > 0 && done > 0) {
        const double part = static_cast<double>(done) / static_cast<double>(all);
        std::fprintf(stderr, "  %.0f%%  %s left", 100 * part,
                     duration_text(passed * (1 - part) / part).c_str());
    }
    std::fputs("\x1b[K", stderr);
    std::fflush(stderr);
}

} // namespace vexfs
