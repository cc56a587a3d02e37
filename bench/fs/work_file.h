// SPDX-License-Identifier: Apache-2.0
//
// The file that a trial writes or reads, and what is in it.
//
// Threads: one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>

#include "base/random.h"
#include "base/result.h"
#include "userlib/device/file_descriptor.h"

namespace vexfs {

constexpr uint64_t kFileBytes = uint64_t{64} << 20;
constexpr size_t kLargeBytes = size_t{128} << 10;
constexpr size_t kSmallBytes = 4096;

// errno as an Error.
Error last_error(const char* what);

Result<FileDescriptor> open_file(const std::string& path, int flags);

struct FreeBuffer {
    void operator()(void* bytes) const { std::free(bytes); }
};
// Aligned for O_DIRECT.
using Buffer = std::unique_ptr<unsigned char, FreeBuffer>;

// Half of it can be compressed, as much of what people store.
Buffer buffer_of(size_t bytes, Random& random);

// All of the bytes, or an error.
Status write_at(const FileDescriptor& file, const Buffer& buffer, size_t bytes, uint64_t offset);
Status read_at(const FileDescriptor& file, const Buffer& buffer, size_t bytes, uint64_t offset);

Status sync_file(const FileDescriptor& file);

// Writes kFileBytes, over and over the kLargeBytes of the buffer, and syncs them.
Status fill(const FileDescriptor& file, const Buffer& buffer);
// The same of a file that is closed afterwards.
Status make_full_file(const std::string& path, Random& random);

} // namespace vexfs
