// SPDX-License-Identifier: Apache-2.0
//
// A run: draws operations, does them to the files and to the model, and compares.
//
// Threads: one thread.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "vm-tests/cases/posix/fsx/model.h"
#include "vm-tests/cases/posix/fsx/real_files.h"
#include "vm-tests/cases/posix/fsx/state_file.h"

namespace vexfs {

struct Plan {
    std::string directory;
    std::string state; // a file outside of the filesystem under test; empty: none is kept
    uint64_t seed = 1;
    uint64_t size_max = 1 << 20;
    uint32_t file_count = 4;
};

class Exercise {
  public:
    explicit Exercise(const Plan& plan);

    // Makes empty files.
    Checked start();
    // Takes up the run of the state file: each file must be as a crash may have left it. The seed,
    // sizes and files are those of the state.
    Checked resume();
    // The next operation.
    Checked step();
    // Compares every file from begin to end.
    Checked finish();

    [[nodiscard]] uint64_t next_number() const { return next_number_; }
    [[nodiscard]] const Plan& plan() const { return plan_; }
    [[nodiscard]] const std::vector<Feature>& missing() const { return missing_; }
    [[nodiscard]] const RealFiles& files() const { return *files_; }
    // The operations before this moment, the oldest first, for a report.
    [[nodiscard]] std::string last_operations() const;

  private:
    Checked probe();
    Checked save();

    Plan plan_;
    Model model_;
    std::unique_ptr<RealFiles> files_;
    std::unique_ptr<StateFile> state_;
    std::vector<Feature> missing_;
    std::deque<Operation> last_;
    uint64_t next_number_ = 1;
};

} // namespace vexfs
