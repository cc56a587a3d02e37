// SPDX-License-Identifier: Apache-2.0
#include "userlib/engine/virtual_files.h"

#include <algorithm>
#include <cstring>

#include <dirent.h>

namespace vexfs {

namespace {

constexpr std::string_view kDirectoryName = ".vexfs";

struct Known {
    std::string_view name;
    uint32_t permissions;
};

// In the order of VirtualFiles::File. Counters name nobody and are for everybody.
constexpr std::array<Known, VirtualFiles::kFiles> kKnown{{
    {"stats.json", 0444},
    {"config.json", 0400},
    {"jobs.json", 0400},
}};

} // namespace

bool is_reserved_name(std::string_view name) {
    return name == kDirectoryName || name == ".similar";
}

Inode VirtualFiles::inode(uint64_t ino) const {
    VEXFS_ASSERT(owns(ino));
    Inode inode;
    inode.atime = inode.mtime = inode.ctime = inode.btime = made_;
    if (ino == kDirectory) {
        inode.mode = S_IFDIR | 0555;
        inode.nlink = 2;
        inode.link = {kRootIno, 0};
    } else {
        inode.mode = S_IFREG | kKnown[ino - kFirstFile].permissions;
        inode.nlink = 1;
        inode.link = {kDirectory, 0};
    }
    return inode;
}

Result<Entry> VirtualFiles::lookup(uint64_t directory, std::string_view name) const {
    if (directory == kRootIno && name == kDirectoryName)
        return Entry{kDirectory, inode(kDirectory)};
    if (directory == kRootIno)
        return fail(Code::kENOENT, "virtual files: there is no such name");
    if (directory != kDirectory)
        return fail(Code::kENOTDIR, "virtual files: not a directory");
    if (name == ".")
        return Entry{kDirectory, inode(kDirectory)};
    for (uint64_t i = 0; i < kFiles; ++i)
        if (kKnown[i].name == name)
            return Entry{kFirstFile + i, inode(kFirstFile + i)};
    return fail(Code::kENOENT, "virtual files: there is no such name");
}

Result<std::vector<Listed>> VirtualFiles::list(uint64_t directory, uint64_t cursor,
                                               size_t entries_max) const {
    if (directory != kDirectory)
        return fail(Code::kENOTDIR, "virtual files: not a directory");
    const std::array<Listed, 2> dots{{{kDirectory, DT_DIR, 1, "."}, {kRootIno, DT_DIR, 2, ".."}}};
    std::vector<Listed> listed;
    for (uint64_t i = cursor; i < dots.size() + kFiles && listed.size() < entries_max; ++i) {
        if (i < dots.size()) {
            listed.push_back(dots[i]);
            continue;
        }
        const uint64_t file = i - dots.size();
        listed.push_back({kFirstFile + file, DT_REG, i + 1, std::string(kKnown[file].name)});
    }
    return listed;
}

Result<uint64_t> VirtualFiles::open(uint64_t ino) {
    VEXFS_ASSERT(owns(ino));
    if (ino == kDirectory)
        return fail(Code::kEISDIR, "virtual files: it is a directory");
    {
        MutexLock lock(mutex_);
        if (open_.size() >= kOpenMax)
            return fail(Code::kEMFILE, "virtual files: too many are open");
    }
    // Rendering asks others, who have locks of their own.
    auto content =
        std::make_shared<const std::string>(render_(static_cast<File>(ino - kFirstFile)));
    MutexLock lock(mutex_);
    open_.emplace(++last_handle_, std::move(content));
    return last_handle_;
}

Result<size_t> VirtualFiles::read(uint64_t handle, uint64_t offset, MutableBytes out) {
    std::shared_ptr<const std::string> content;
    {
        MutexLock lock(mutex_);
        const auto found = open_.find(handle);
        if (found == open_.end())
            return fail(Code::kESTALE, "virtual files: the handle is from before a restart");
        content = found->second;
    }
    if (offset >= content->size())
        return size_t{0};
    const size_t count = std::min<uint64_t>(out.size(), content->size() - offset);
    std::memcpy(out.data(), content->data() + offset, count);
    return count;
}

void VirtualFiles::close(uint64_t handle) {
    MutexLock lock(mutex_);
    open_.erase(handle);
}

} // namespace vexfs
