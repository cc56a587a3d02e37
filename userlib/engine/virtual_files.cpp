// SPDX-License-Identifier: Apache-2.0
#include "userlib/engine/virtual_files.h"

#include <algorithm>
#include <cstring>

#include <dirent.h>

#include "ioctl/vexfs_ioctl.h"

namespace vexfs {

namespace {

constexpr std::string_view kDirectoryName = ".vexfs";
constexpr std::string_view kCallName = "call";
constexpr uint32_t kReadAndWalk = 0555;

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

bool VirtualFiles::is_directory(uint64_t ino) {
    return ino == kDirectory || ino == number_of(Kind::kVexfs, directory_of(ino));
}

Result<Inode> VirtualFiles::inode(uint64_t ino) const {
    VEXFS_ASSERT(owns(ino));
    Inode inode;
    inode.atime = inode.mtime = inode.ctime = inode.btime = made_;
    inode.nlink = is_directory(ino) ? 2 : 1;
    inode.link = {is_directory(ino) ? directory_of(ino) : vexfs_of(directory_of(ino)), 0};
    if (ino == kDirectory)
        inode.mode = S_IFDIR | kReadAndWalk;
    else if ((ino & kInDirectory) == 0)
        inode.mode = S_IFREG | kKnown[ino - kFirstFile].permissions;
    else
        VEXFS_TRY_VOID(inherit(ino, inode));
    return inode;
}

// Whoever may read the directory may open `call`, for writing too: what a message may do is asked
// when it is carried out.
Status VirtualFiles::inherit(uint64_t ino, Inode& inode) const {
    const Inode directory = VEXFS_TRY(read_inode_(directory_of(ino)));
    if (!directory.is_directory() || !(is_call(ino) || is_directory(ino)))
        return fail(Code::kESTALE, "virtual files: there is no such inode");
    const uint32_t readers = directory.mode & 0444;
    inode.uid = directory.uid;
    inode.gid = directory.gid;
    inode.mode =
        is_call(ino) ? S_IFREG | readers | readers >> 1 : S_IFDIR | (directory.mode & kReadAndWalk);
    inode.size = is_call(ino) ? VEXFS_MAX_MESSAGE : 0; // no write is behind its end
    return ok();
}

Result<Entry> VirtualFiles::entry(uint64_t ino) const {
    return Entry{ino, VEXFS_TRY(inode(ino))};
}

Result<Entry> VirtualFiles::lookup(uint64_t directory, std::string_view name) const {
    if (!owns(directory)) {
        if (name != kDirectoryName)
            return fail(Code::kENOENT, "virtual files: there is no such name");
        if (!VEXFS_TRY(read_inode_(directory)).is_directory())
            return fail(Code::kENOTDIR, "virtual files: not a directory");
        return entry(vexfs_of(directory));
    }
    if (!is_directory(directory))
        return fail(Code::kENOTDIR, "virtual files: not a directory");
    if (name == ".")
        return entry(directory);
    if (name == "..")
        return Entry{directory_of(directory), VEXFS_TRY(read_inode_(directory_of(directory)))};
    if (name == kCallName)
        return entry(number_of(Kind::kCall, directory_of(directory)));
    for (uint64_t i = 0; i < kFiles && directory == kDirectory; ++i)
        if (kKnown[i].name == name)
            return entry(kFirstFile + i);
    return fail(Code::kENOENT, "virtual files: there is no such name");
}

Result<std::vector<Listed>> VirtualFiles::list(uint64_t directory, uint64_t cursor,
                                               size_t entries_max) const {
    if (!is_directory(directory))
        return fail(Code::kENOTDIR, "virtual files: not a directory");
    std::vector<Listed> all;
    const auto add = [&](uint64_t ino, uint8_t type, std::string_view name) {
        all.push_back({ino, type, all.size() + 1, std::string(name)});
    };
    add(directory, DT_DIR, ".");
    add(directory_of(directory), DT_DIR, "..");
    for (uint64_t i = 0; i < kFiles && directory == kDirectory; ++i)
        add(kFirstFile + i, DT_REG, kKnown[i].name);
    add(number_of(Kind::kCall, directory_of(directory)), DT_REG, kCallName);
    const size_t begin = std::min<uint64_t>(cursor, all.size());
    const size_t count = std::min(entries_max, all.size() - begin);
    return std::vector<Listed>(all.begin() + static_cast<ptrdiff_t>(begin),
                               all.begin() + static_cast<ptrdiff_t>(begin + count));
}

Result<uint64_t> VirtualFiles::open(uint64_t ino) {
    VEXFS_ASSERT(owns(ino));
    if (is_directory(ino))
        return fail(Code::kEISDIR, "virtual files: it is a directory");
    if ((ino & kInDirectory) != 0)
        return fail(Code::kEOPNOTSUPP, "virtual files: sessions are opened elsewhere");
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
