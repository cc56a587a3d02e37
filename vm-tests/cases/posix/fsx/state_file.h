// SPDX-License-Identifier: Apache-2.0
//
// What a run knows of its files, kept outside of the filesystem under test: what they held at a
// moment when all was synced, and every operation since.
//
// An operation is written down before it is done; the line behind it says that it was. So the file
// is true at every moment at which this process may end. It is not synced: it is to outlive the
// filesystem under test and this process, not the machine.
//
// Threads: one thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "vm-tests/cases/posix/fsx/model.h"
#include "vm-tests/cases/posix/fsx/trouble.h"

namespace vexfs {

struct SavedRun {
    uint64_t seed = 0;
    uint64_t size_max = 0;
    uint64_t next_number = 0; // of the first operation that is not part of `files`
    std::vector<std::string> files;
    std::vector<Operation> operations;
    bool last_done = true; // false: the last operation may be done, undone, or done in part
};

// For each file, what a crash may leave of it. An operation that syncs a file and is done makes all
// of that file durable.
std::vector<History> histories_of(const SavedRun& saved);

class StateFile {
  public:
    explicit StateFile(std::string path) : path_(std::move(path)) {}
    ~StateFile();
    StateFile(const StateFile&) = delete;
    StateFile& operator=(const StateFile&) = delete;

    // Replaces what the file says; `saved.operations` is empty.
    Checked begin(const SavedRun& saved);
    Checked will_do(const Operation& operation);
    Checked has_done();
    Checked load(SavedRun& saved) const;

  private:
    Checked append(const std::string& line);

    std::string path_;
    int descriptor_ = -1;
};

} // namespace vexfs
