// SPDX-License-Identifier: Apache-2.0
#include "userlib/tools/vectors/stream.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace vexfs {

namespace {

constexpr size_t kReadBytes = size_t{1} << 20;

} // namespace

Result<Stream> Stream::open(const std::string& path) {
    const int descriptor =
        path == "-" ? ::dup(STDIN_FILENO) : ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0)
        return fail(code_from_errno(errno), "stream: open");
    struct stat found {};
    const bool known = ::fstat(descriptor, &found) == 0;
    Stream stream(descriptor,
                  known && S_ISREG(found.st_mode) ? static_cast<uint64_t>(found.st_size) : 0);
    if (known && S_ISDIR(found.st_mode))
        return fail(Code::kEISDIR, "stream: open");
    return stream;
}

Stream::~Stream() {
    if (descriptor_ >= 0)
        ::close(descriptor_);
}

Stream::Stream(Stream&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), size_bytes_(other.size_bytes_),
      offset_(other.offset_), buffer_(std::move(other.buffer_)), begin_(other.begin_),
      end_(other.end_), ended_(other.ended_) {}

Status Stream::fill(size_t bytes) {
    if (end_ - begin_ >= bytes || ended_)
        return ok();
    if (begin_ < end_)
        std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
    if (buffer_.size() < bytes + kReadBytes)
        buffer_.resize(bytes + kReadBytes);
    while (end_ < bytes && !ended_) {
        const ssize_t count = ::read(descriptor_, buffer_.data() + end_, buffer_.size() - end_);
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return fail(code_from_errno(errno), "stream: read");
        end_ += static_cast<size_t>(count);
        ended_ = count == 0;
    }
    return ok();
}

Result<Bytes> Stream::take(size_t bytes) {
    VEXFS_ASSERT(bytes <= kPieceBytesMax);
    VEXFS_TRY_VOID(fill(bytes));
    const size_t count = std::min(bytes, end_ - begin_);
    const Bytes piece(buffer_.data() + begin_, count);
    begin_ += count;
    offset_ += count;
    return piece;
}

Result<bool> Stream::line(std::string_view& line) {
    size_t searched = 0;
    for (size_t wanted = 1;; wanted = searched + 1) {
        VEXFS_TRY_VOID(fill(wanted));
        const char* const start = reinterpret_cast<const char*>(buffer_.data()) + begin_;
        const std::string_view there(start, end_ - begin_);
        const size_t stop = there.find('\n', searched);
        if (stop == std::string_view::npos && !ended_) {
            searched = there.size();
            if (searched >= kPieceBytesMax)
                return fail(Code::kEFBIG, "stream: a line is too long");
            continue;
        }
        if (there.empty())
            return false;
        line = there.substr(0, stop);
        const size_t taken = std::min(line.size() + 1, there.size());
        begin_ += taken;
        offset_ += taken;
        if (line.ends_with('\r'))
            line.remove_suffix(1);
        return true;
    }
}

} // namespace vexfs
