// SPDX-License-Identifier: Apache-2.0
#include "userlib/names/edit.h"

namespace vexfs {

namespace {

constexpr uint32_t kPermissions = 07777;

Status check_make(const Make& what) {
    const uint32_t type = what.mode & S_IFMT;
    for (const uint32_t known : {S_IFREG, S_IFDIR, S_IFLNK, S_IFIFO, S_IFSOCK, S_IFCHR, S_IFBLK}) {
        if (type != known)
            continue;
        if (type != S_IFLNK)
            return ok();
        if (what.target.empty() || what.target.find('\0') != std::string_view::npos)
            return fail(Code::kEINVAL, "names: the target of a symbolic link");
        if (what.target.size() > kTargetBytesMax)
            return fail(Code::kENAMETOOLONG, "names: the target is longer than 4,095 bytes");
        return ok();
    }
    return fail(Code::kEINVAL, "names: the type of a new file");
}

Inode inode_of(const Make& what, Timestamp now) {
    Inode inode;
    inode.mode = what.mode & (S_IFMT | kPermissions);
    inode.uid = what.uid;
    inode.gid = what.gid;
    inode.nlink = inode.is_directory() ? 2 : 1;
    if (S_ISCHR(what.mode) || S_ISBLK(what.mode)) {
        inode.rdev_major = what.rdev_major;
        inode.rdev_minor = what.rdev_minor;
    }
    inode.atime = inode.mtime = inode.ctime = inode.btime = now;
    return inode;
}

} // namespace

Result<Entry> Names::make(uint64_t directory, std::string_view name, const Make& what,
                          Timestamp now) {
    VEXFS_TRY_VOID(check_name(name));
    VEXFS_TRY_VOID(check_make(what));
    const uint64_t ino = VEXFS_TRY(next_number());
    const auto held = locks_.lock({directory});
    Edit edit(*this);
    Inode* const parent = VEXFS_TRY(edit.directory(directory));
    if (VEXFS_TRY(find(directory, name)))
        return fail(Code::kEEXIST, "names: the name exists");
    Inode inode = inode_of(what, now);
    if (inode.is_directory() && parent->nlink >= kLinksMax)
        return fail(Code::kEMLINK, "names: the directory holds as many directories as it may");
    const uint64_t position = VEXFS_TRY(free_position(directory, name));
    inode.link = {directory, position};
    if (S_ISLNK(inode.mode)) {
        inode.size = what.target.size();
        inode.records = 1;
        edit.transaction().write(ino, 0, std::as_bytes(std::span(what.target)));
    }
    edit.put_name(inode.link, {ino, inode.type(), std::string(name)});
    edit.add(ino, inode);
    parent->nlink += inode.is_directory() ? 1 : 0;
    ++parent->size;
    parent->mtime = parent->ctime = now;
    VEXFS_TRY_VOID(edit.apply());
    return Entry{ino, inode};
}

Result<Entry> Names::make_unnamed(const Make& what, Timestamp now) {
    if (!S_ISREG(what.mode))
        return fail(Code::kEINVAL, "names: only a regular file can be without a name");
    const uint64_t ino = VEXFS_TRY(next_number());
    Inode inode = inode_of(what, now);
    inode.nlink = 0;
    Edit edit(*this);
    edit.add(ino, inode);
    edit.transaction().put(name_key(kNamesOid, NameItem::kUnlinked, ino), {});
    VEXFS_TRY_VOID(edit.apply());
    VEXFS_TRY_VOID(hold(ino));
    return Entry{ino, inode};
}

Result<Entry> Names::link(uint64_t ino, uint64_t directory, std::string_view name, Timestamp now) {
    VEXFS_TRY_VOID(check_name(name));
    const auto held = locks_.lock({ino, directory});
    Edit edit(*this);
    Inode* const parent = VEXFS_TRY(edit.directory(directory));
    Inode* const inode = VEXFS_TRY(edit.inode(ino));
    if (inode->is_directory())
        return fail(Code::kEPERM, "names: a directory has one name only");
    if (inode->nlink >= kLinksMax)
        return fail(Code::kEMLINK, "names: the file has as many links as it may");
    if (VEXFS_TRY(find(directory, name)))
        return fail(Code::kEEXIST, "names: the name exists");
    const uint64_t position = VEXFS_TRY(free_position(directory, name));
    const Link link{directory, position};
    VEXFS_TRY_VOID(edit.add_link(ino, link));
    edit.put_name(link, {ino, inode->type(), std::string(name)});
    if (inode->nlink++ == 0)
        edit.transaction().erase(name_key(kNamesOid, NameItem::kUnlinked, ino));
    inode->ctime = now;
    ++parent->size;
    parent->mtime = parent->ctime = now;
    VEXFS_TRY_VOID(edit.apply());
    return Entry{ino, *inode};
}

} // namespace vexfs
