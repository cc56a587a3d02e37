// SPDX-License-Identifier: Apache-2.0
//
// `.vexfs/` in the root directory: files that tell about the volume and are on no disk.
//
// A file is rendered when it is opened, and an open file stays as it was. None can be changed. The
// directory is not listed in the root.
//
// Threads: any; one lock guards the open files.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "base/mutex.h"
#include "userlib/names/names.h"

namespace vexfs {

// Names that belong to VexFS in every directory.
bool is_reserved_name(std::string_view name);

class VirtualFiles {
  public:
    enum class File : uint8_t { kStats, kConfig, kJobs };
    using Render = std::function<std::string(File)>;

    static constexpr uint64_t kDirectory = 16;
    static constexpr uint64_t kFirstFile = 17;
    static constexpr uint64_t kFiles = 3;
    static constexpr size_t kOpenMax = 1024;

    // `made` is the time that the files show; the directory's owner and theirs are root.
    VirtualFiles(Render render, Timestamp made) : render_(std::move(render)), made_(made) {}

    static bool owns(uint64_t ino) { return ino >= kDirectory && ino < kFirstFile + kFiles; }

    // Of an ino that it owns.
    [[nodiscard]] Inode inode(uint64_t ino) const;
    // ENOENT, ENOTDIR.
    [[nodiscard]] Result<Entry> lookup(uint64_t directory, std::string_view name) const;
    // As Names::list().
    [[nodiscard]] Result<std::vector<Listed>> list(uint64_t directory, uint64_t cursor,
                                                   size_t entries_max) const;

    // A handle, not 0. EMFILE if too many are open.
    Result<uint64_t> open(uint64_t ino);
    // How many bytes there were. ESTALE if the handle is none.
    Result<size_t> read(uint64_t handle, uint64_t offset, MutableBytes out);
    void close(uint64_t handle);

  private:
    const Render render_;
    const Timestamp made_;
    Mutex mutex_;
    uint64_t last_handle_ VEXFS_GUARDED_BY(mutex_) = 0;
    std::map<uint64_t, std::shared_ptr<const std::string>> open_ VEXFS_GUARDED_BY(mutex_);
};

} // namespace vexfs
