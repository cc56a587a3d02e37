// SPDX-License-Identifier: Apache-2.0
//
// `.vexfs/` in every directory: files that are on no disk and in no listing.
//
// That of the root has those that tell about the volume: they are rendered when they are opened,
// and an open one stays as it was. Each has `call`, which is as readable as its directory: the way
// into a session, of which nothing but its number and its attributes is known here.
//
// Numbers of inodes: those of the root's `.vexfs` are below all that files have. What hangs in a
// directory D has bit 63, which no file's number reaches, then 3 bits for what it is, then the
// number of D. So it is known without a table, and gone when D is gone.
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
    using ReadInode = std::function<Result<Inode>(uint64_t ino)>; // of a file on the disk

    static constexpr uint64_t kDirectory = 16; // `.vexfs` of the root
    static constexpr uint64_t kFirstFile = 17;
    static constexpr uint64_t kFiles = 3;
    static constexpr size_t kOpenMax = 1024;

    // What hangs in a directory, other than the three files of the root.
    enum class Kind : uint8_t { kVexfs = 0, kCall = 1 };
    static constexpr unsigned kKindShift = 60;
    static constexpr uint64_t kInDirectory = uint64_t{1} << 63;
    static constexpr uint64_t kNumberMask = (uint64_t{1} << kKindShift) - 1;

    // `made` is the time that the files show. Those of the root belong to root, the others to the
    // owner of their directory.
    VirtualFiles(Render render, ReadInode read_inode, Timestamp made)
        : render_(std::move(render)), read_inode_(std::move(read_inode)), made_(made) {}

    static bool owns(uint64_t ino) {
        return (ino >= kDirectory && ino < kFirstFile + kFiles) || (ino & kInDirectory) != 0;
    }
    static bool is_call(uint64_t ino) { return ino == number_of(Kind::kCall, directory_of(ino)); }
    // The directory in which it hangs.
    static uint64_t directory_of(uint64_t ino) {
        return (ino & kInDirectory) != 0 ? ino & kNumberMask : kRootIno;
    }

    // Of an ino that it owns. ESTALE if its directory is gone.
    [[nodiscard]] Result<Inode> inode(uint64_t ino) const;
    // A reserved name in a directory on the disk, or any name in one of its own. ENOENT, ENOTDIR.
    [[nodiscard]] Result<Entry> lookup(uint64_t directory, std::string_view name) const;
    // As Names::list().
    [[nodiscard]] Result<std::vector<Listed>> list(uint64_t directory, uint64_t cursor,
                                                   size_t entries_max) const;

    // A handle, not 0, of a file of the root's; `call` is EOPNOTSUPP here. EMFILE if too many are
    // open.
    Result<uint64_t> open(uint64_t ino);
    // How many bytes there were. ESTALE if the handle is none.
    Result<size_t> read(uint64_t handle, uint64_t offset, MutableBytes out);
    void close(uint64_t handle);

  private:
    static constexpr uint64_t number_of(Kind kind, uint64_t directory) {
        return kInDirectory | static_cast<uint64_t>(kind) << kKindShift | directory;
    }
    static bool is_directory(uint64_t ino);
    static uint64_t vexfs_of(uint64_t directory) {
        return directory == kRootIno ? kDirectory : number_of(Kind::kVexfs, directory);
    }
    Status inherit(uint64_t ino, Inode& inode) const;
    [[nodiscard]] Result<Entry> entry(uint64_t ino) const;

    const Render render_;
    const ReadInode read_inode_;
    const Timestamp made_;
    Mutex mutex_;
    uint64_t last_handle_ VEXFS_GUARDED_BY(mutex_) = 0;
    std::map<uint64_t, std::shared_ptr<const std::string>> open_ VEXFS_GUARDED_BY(mutex_);
};

} // namespace vexfs
