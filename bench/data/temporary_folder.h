// SPDX-License-Identifier: Apache-2.0
//
// A folder that is gone, with all that is in it, when its owner is.
//
// Threads: one thread.
#pragma once

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <utility>

#include "base/error.h"
#include "base/result.h"

namespace vexfs {

class TemporaryFolder {
  public:
    static Result<TemporaryFolder> make() {
        std::error_code error;
        const std::filesystem::path base = std::filesystem::temp_directory_path(error);
        std::string path = (base / "vexfs-bench-XXXXXX").string();
        if (error || ::mkdtemp(path.data()) == nullptr)
            return fail(code_from_errno(error ? error.value() : errno), "a temporary folder");
        return TemporaryFolder(std::move(path));
    }
    ~TemporaryFolder() {
        std::error_code ignored;
        if (!path_.empty())
            std::filesystem::remove_all(path_, ignored);
    }
    TemporaryFolder(TemporaryFolder&& other) noexcept : path_(std::exchange(other.path_, "")) {}
    TemporaryFolder& operator=(TemporaryFolder&&) = delete;

    [[nodiscard]] std::string file(const std::string& name) const { return path_ + "/" + name; }

  private:
    explicit TemporaryFolder(std::string path) : path_(std::move(path)) {}

    std::string path_;
};

} // namespace vexfs
