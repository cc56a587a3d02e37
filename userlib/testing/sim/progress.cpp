// SPDX-License-Identifier: Apache-2.0
#include "userlib/testing/sim/progress.h"

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/checksum.h"

namespace vexfs {

Result<ProgressFile> ProgressFile::at(std::string path) {
    if (path.empty())
        return ProgressFile("", 0);
    std::ifstream self("/proc/self/exe", std::ios::binary);
    std::ostringstream program;
    if (!(program << self.rdbuf()))
        return fail(Code::kEIO, "progress: this program cannot be read");
    const std::string bytes = program.str();
    return ProgressFile(std::move(path), xxh3_64(std::as_bytes(std::span(bytes))));
}

std::optional<SweepProgress> ProgressFile::resume(uint64_t first_seed,
                                                  uint64_t states_wanted) const {
    if (path_.empty())
        return std::nullopt;
    std::ifstream file(path_);
    uint64_t program = 0;
    SweepProgress found;
    file >> program >> found.first_seed >> found.states_wanted >> found.next_seed >> found.states >>
        found.violations >> found.seconds;
    if (!file || program != program_ || found.first_seed != first_seed ||
        found.states_wanted != states_wanted)
        return std::nullopt;
    return found;
}

Status ProgressFile::save(const SweepProgress& progress) const {
    if (path_.empty())
        return ok();
    const std::string next = path_ + ".next";
    std::ofstream file(next);
    file << program_ << ' ' << progress.first_seed << ' ' << progress.states_wanted << ' '
         << progress.next_seed << ' ' << progress.states << ' ' << progress.violations << ' '
         << progress.seconds << '\n';
    file.close();
    if (!file || std::rename(next.c_str(), path_.c_str()) != 0)
        return fail(Code::kEIO, "progress: the file cannot be written");
    return ok();
}

void ProgressFile::remove() const {
    std::error_code ignored;
    if (!path_.empty())
        std::filesystem::remove(path_, ignored);
}

} // namespace vexfs
