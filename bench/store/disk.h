// SPDX-License-Identifier: Apache-2.0
//
// The disk below a folder: what it has done so far, and what a flush of it costs.
//
// The counts are the kernel's, of the whole device: what anybody else writes meanwhile is in them.
//
// Threads: one thread.
#pragma once

#include <string>

#include "base/result.h"
#include "userlib/device/file_descriptor.h"

namespace vexfs {

struct DiskCounts {
    uint64_t writes = 0;
    uint64_t write_bytes = 0;
    uint64_t flushes = 0;
};

inline DiskCounts operator-(const DiskCounts& a, const DiskCounts& b) {
    return {a.writes - b.writes, a.write_bytes - b.write_bytes, a.flushes - b.flushes};
}

class Disk {
  public:
    static Result<Disk> below(const std::string& folder);

    // Zeros where the kernel does not tell, as for tmpfs.
    [[nodiscard]] DiskCounts counts() const;
    [[nodiscard]] const std::string& name() const { return name_; } // "ext4 on vda, write back"

  private:
    std::string statistics_;
    std::string name_;
};

// The least that durability costs here: 4 KiB at the same place of a preallocated file with
// O_DIRECT, then fdatasync.
class BareSync {
  public:
    static Result<BareSync> create(const std::string& folder);
    Status run();

  private:
    FileDescriptor file_;
};

} // namespace vexfs
