// SPDX-License-Identifier: Apache-2.0
//
// The files of a run in the filesystem under test: does an operation to them and compares all that
// it reads with the model.
//
// Threads: one thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "vm-tests/cases/posix/fsx/operation.h"
#include "vm-tests/cases/posix/fsx/trouble.h"

namespace vexfs {

class RealFiles {
  public:
    RealFiles(std::string directory, size_t file_count);
    ~RealFiles();
    RealFiles(const RealFiles&) = delete;
    RealFiles& operator=(const RealFiles&) = delete;

    // Opens the files; `fresh` empties them and makes their names durable.
    Checked open(bool fresh);
    // Tries each feature on the first file, which must be empty and is left so.
    Checked probe(std::vector<Feature>& missing);
    // `before` is what the file holds, `durable` asks that what is stored by mapping is synced.
    Checked perform(const Operation& operation, std::string_view before, bool durable);
    Checked expect_size(uint32_t file, uint64_t size);
    Checked sync_all();
    Checked read_whole(uint32_t file, std::string& contents);
    [[nodiscard]] std::string path(uint32_t file) const;

  private:
    struct Opened {
        int plain = -1;
        int direct = -1; // none where O_DIRECT is refused
    };

    Checked open_one(uint32_t file);
    void close_one(uint32_t file);
    Checked read(const Operation& operation, std::string_view before, int descriptor);
    Checked map(const Operation& operation, std::string_view before, bool durable);
    Checked write(const Operation& operation, int descriptor);
    Checked append(const Operation& operation);
    Checked copy(const Operation& operation);
    Checked seek(uint32_t file, std::string_view before);
    Checked whole(uint32_t file, std::string_view before);
    Checked evict(uint32_t file);

    std::string directory_;
    std::vector<Opened> files_;
};

} // namespace vexfs
