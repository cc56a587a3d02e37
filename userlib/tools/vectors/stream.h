// SPDX-License-Identifier: Apache-2.0
//
// A file or pipe that is read from its beginning to its end, in pieces or in lines, with a buffer
// that never grows beyond what one piece may take.
//
// Threads: one thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace vexfs {

// Where a file is wrong, and how.
struct Fault {
    uint64_t offset = 0;
    std::string sentence;
};

class Stream {
  public:
    static constexpr size_t kPieceBytesMax = size_t{16} << 20;

    // "-" is standard input. EINVAL: a directory, ...
    static Result<Stream> open(const std::string& path);
    ~Stream();
    Stream(Stream&& other) noexcept;
    Stream& operator=(Stream&&) = delete;

    // The next `bytes` bytes, at most kPieceBytesMax of them; fewer at the end. Valid until the
    // next call.
    Result<Bytes> take(size_t bytes);
    // The next line, without its end; false: there is none. EFBIG: it is too long.
    Result<bool> line(std::string_view& line);

    [[nodiscard]] uint64_t offset() const { return offset_; } // of what comes next
    // Of a regular file; 0: not known, as of a pipe.
    [[nodiscard]] uint64_t size_bytes() const { return size_bytes_; }

  private:
    Stream(int descriptor, uint64_t size_bytes)
        : descriptor_(descriptor), size_bytes_(size_bytes) {}
    // Reads on until `bytes` bytes are there, or the end.
    Status fill(size_t bytes);

    int descriptor_;
    uint64_t size_bytes_;
    uint64_t offset_ = 0;
    std::vector<std::byte> buffer_;
    size_t begin_ = 0; // of what is not yet taken
    size_t end_ = 0;
    bool ended_ = false;
};

} // namespace vexfs
