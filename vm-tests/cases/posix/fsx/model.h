// SPDX-License-Identifier: Apache-2.0
//
// What the files hold according to the operations, and what they may hold after a crash.
//
// Threads: one thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "vm-tests/cases/posix/fsx/operation.h"

namespace vexfs {

class Model {
  public:
    explicit Model(size_t file_count) : files_(file_count) {}
    explicit Model(std::vector<std::string> files) : files_(std::move(files)) {}

    void apply(const Operation& operation);
    [[nodiscard]] const std::string& file(uint32_t index) const { return files_[index]; }
    void set_file(uint32_t index, std::string contents) { files_[index] = std::move(contents); }
    [[nodiscard]] std::vector<uint64_t> sizes() const;
    [[nodiscard]] const std::vector<std::string>& files() const { return files_; }

  private:
    std::vector<std::string> files_;
};

// Does it change the contents or size of Operation::file?
bool changes(Kind kind);

// May a file that an operation was taking from `before` to `after` be found like this? The
// operation may have come part of the way: each byte is the one before or the one after, and so is
// the size or something between.
bool is_between(std::string_view found, std::string_view before, std::string_view after);

// The states of each file that a crash may leave: the one that was synced last, and those after.
struct History {
    std::string synced;
    std::vector<std::string> later; // after each further operation that changed the file
};
// Checks a file that a crash left against the promise.
bool is_allowed(std::string_view found, const History& history);

} // namespace vexfs
