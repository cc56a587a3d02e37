// SPDX-License-Identifier: Apache-2.0
//
// A file of known size that is read at offsets, and the writing of a whole file at once.
//
// Nothing is allocated by what a file claims before the claim has been held against its size.
//
// Threads: one thread each.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "base/bytes.h"
#include "base/result.h"

namespace vexfs {

class InputFile {
  public:
    static Result<InputFile> open(const std::string& path);
    ~InputFile();
    InputFile(InputFile&& other) noexcept
        : descriptor_(std::exchange(other.descriptor_, -1)), size_bytes_(other.size_bytes_) {}
    InputFile& operator=(InputFile&&) = delete;

    [[nodiscard]] uint64_t size_bytes() const { return size_bytes_; }
    // Fills `into` from `offset`; EBADMSG if the file ends before.
    [[nodiscard]] Status read(uint64_t offset, MutableBytes into) const;

  private:
    InputFile(int descriptor, uint64_t size_bytes)
        : descriptor_(descriptor), size_bytes_(size_bytes) {}

    int descriptor_;
    uint64_t size_bytes_;
};

// Writes the pieces one after the other to a file that replaces `path` once it is whole.
Status write_file(const std::string& path, std::initializer_list<Bytes> pieces);

} // namespace vexfs
