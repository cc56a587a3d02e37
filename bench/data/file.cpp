// SPDX-License-Identifier: Apache-2.0
//
// Whole-file reads and writes over POSIX.
//
// Threads: one thread each.
#include "bench/data/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

namespace vexfs {
namespace {

// One read(2) or write(2) moves at most 2 GiB.
constexpr size_t kMaxPieceBytes = size_t{1} << 30;

Status write_all(int descriptor, Bytes bytes) {
    while (!bytes.empty()) {
        const ssize_t moved =
            ::write(descriptor, bytes.data(), std::min(bytes.size(), kMaxPieceBytes));
        if (moved < 0 && errno == EINTR)
            continue;
        if (moved < 0)
            return fail(code_from_errno(errno), "file: write");
        bytes = bytes.subspan(static_cast<size_t>(moved));
    }
    return ok();
}

} // namespace

Result<InputFile> InputFile::open(const std::string& path) {
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0)
        return fail(code_from_errno(errno), "file: open");
    struct stat attributes {};
    const bool known = ::fstat(descriptor, &attributes) == 0;
    InputFile file(descriptor, known ? static_cast<uint64_t>(attributes.st_size) : 0);
    if (!known)
        return fail(code_from_errno(errno), "file: size");
    if (!S_ISREG(attributes.st_mode))
        return fail(Code::kEINVAL, "file: not a regular file");
    return file;
}

InputFile::~InputFile() {
    if (descriptor_ >= 0)
        ::close(descriptor_);
}

Status InputFile::read(uint64_t offset, MutableBytes into) const {
    if (offset > size_bytes_ || into.size() > size_bytes_ - offset)
        return fail(Code::kEBADMSG, "file: it ends before the data that its header states");
    while (!into.empty()) {
        const ssize_t moved =
            ::pread(descriptor_, into.data(), std::min(into.size(), kMaxPieceBytes),
                    static_cast<off_t>(offset));
        if (moved < 0 && errno == EINTR)
            continue;
        if (moved < 0)
            return fail(code_from_errno(errno), "file: read");
        if (moved == 0)
            return fail(Code::kEBADMSG, "file: it shrank while it was read");
        into = into.subspan(static_cast<size_t>(moved));
        offset += static_cast<uint64_t>(moved);
    }
    return ok();
}

Status write_file(const std::string& path, std::initializer_list<Bytes> pieces) {
    const std::string partial = path + ".partial";
    const int descriptor = ::open(partial.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (descriptor < 0)
        return fail(code_from_errno(errno), "file: create");
    Status written = ok();
    for (Bytes piece : pieces) {
        if (written)
            written = write_all(descriptor, piece);
    }
    if (::close(descriptor) != 0 && written)
        written = fail(code_from_errno(errno), "file: close");
    if (written && ::rename(partial.c_str(), path.c_str()) != 0)
        written = fail(code_from_errno(errno), "file: rename to its final name");
    if (!written)
        ::unlink(partial.c_str());
    return written;
}

} // namespace vexfs
