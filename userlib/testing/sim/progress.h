// SPDX-License-Identifier: Apache-2.0
//
// Progress of a sweep over many seeds, in a file, so that one that was interrupted goes on.
//
// A file counts only for the same program and the same wish; anything else in it is as if it were
// not there.
//
// Threads: one thread.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"

namespace vexfs {

struct SweepProgress {
    uint64_t first_seed = 1;
    uint64_t states_wanted = 0;
    uint64_t next_seed = 1;
    uint64_t states = 0;
    uint64_t violations = 0;
    double seconds = 0;
};

class ProgressFile {
  public:
    // An empty path: nothing is kept. EIO if the running program cannot be read.
    static Result<ProgressFile> at(std::string path);

    // What an interrupted run of this program with the same first seed and wish has done.
    [[nodiscard]] std::optional<SweepProgress> resume(uint64_t first_seed,
                                                      uint64_t states_wanted) const;
    // Replaces the file; a crash leaves the one before.
    [[nodiscard]] Status save(const SweepProgress& progress) const;
    // The run is complete.
    void remove() const;

  private:
    ProgressFile(std::string path, uint64_t program) : path_(std::move(path)), program_(program) {}

    std::string path_;
    uint64_t program_;
};

} // namespace vexfs
