// SPDX-License-Identifier: Apache-2.0
//
// Opens a file or block device so that nobody else of ours has it open, and says who has if it is
// busy.
//
// The lock is a flock on the open file description: I/O that a killed process left in flight holds
// the description open, so the lock passes on only when the last of its writes has landed. A POSIX
// lock would not wait.
//
// Threads: functions; the lock belongs to the descriptor.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "userlib/device/file_descriptor.h"

namespace vexfs {

struct ExclusiveFile {
    FileDescriptor descriptor;
    bool block_device = false;
    bool direct = false;     // O_DIRECT
    uint64_t size_bytes = 0; // in whole device blocks
    uint32_t sector_bytes = 0;
    uint32_t optimal_bytes = 0;
};

// For writing the lock is exclusive, for reading only it is shared. A regular file that is a loop
// device's backing store and a block device that is mounted are busy. `direct` asks for O_DIRECT,
// which is dropped where the file system has none. On failure `explanation` is a sentence for the
// user: what, which path, who holds it. EBUSY; EINVAL if it is neither a file nor a block device,
// or is too small; EOPNOTSUPP if its sectors are larger than kBlockBytes; ENOENT, EACCES, EROFS,
// EIO as the system says.
Result<ExclusiveFile> open_exclusive(const std::string& path, bool read_only, bool direct,
                                     std::string& explanation);

// The size of an open file or block device, in bytes and in whole device blocks.
Result<uint64_t> size_of(int descriptor, bool block_device);

} // namespace vexfs
