// SPDX-License-Identifier: Apache-2.0
#include "bench/fs/work_file.h"

#include <fcntl.h>
#include <unistd.h>

namespace vexfs {

Error last_error(const char* what) {
    return fail(code_from_errno(errno), what);
}

Result<FileDescriptor> open_file(const std::string& path, int flags) {
    FileDescriptor file(::open(path.c_str(), flags | O_CLOEXEC, 0644));
    if (!file.is_open())
        return last_error("open");
    return file;
}

Buffer buffer_of(size_t bytes, Random& random) {
    Buffer buffer(static_cast<unsigned char*>(std::aligned_alloc(kSmallBytes, bytes)));
    VEXFS_ASSERT(buffer != nullptr);
    for (size_t i = 0; i < bytes; ++i)
        buffer.get()[i] = static_cast<unsigned char>(i / 64 % 2 == 0 ? random.next() : 0);
    return buffer;
}

Status write_at(const FileDescriptor& file, const Buffer& buffer, size_t bytes, uint64_t offset) {
    if (::pwrite(file.raw(), buffer.get(), bytes, static_cast<off_t>(offset)) !=
        static_cast<ssize_t>(bytes))
        return last_error("write");
    return ok();
}

Status read_at(const FileDescriptor& file, const Buffer& buffer, size_t bytes, uint64_t offset) {
    if (::pread(file.raw(), buffer.get(), bytes, static_cast<off_t>(offset)) !=
        static_cast<ssize_t>(bytes))
        return last_error("read");
    return ok();
}

Status sync_file(const FileDescriptor& file) {
    return ::fsync(file.raw()) == 0 ? ok() : Status(last_error("fsync"));
}

Status fill(const FileDescriptor& file, const Buffer& buffer) {
    for (uint64_t offset = 0; offset < kFileBytes; offset += kLargeBytes)
        VEXFS_TRY_VOID(write_at(file, buffer, kLargeBytes, offset));
    return sync_file(file);
}

Status make_full_file(const std::string& path, Random& random) {
    return fill(VEXFS_TRY(open_file(path, O_CREAT | O_WRONLY)), buffer_of(kLargeBytes, random));
}

} // namespace vexfs
