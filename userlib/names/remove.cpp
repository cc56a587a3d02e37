// SPDX-License-Identifier: Apache-2.0
#include "userlib/names/edit.h"

namespace vexfs {

// What a name stands for is known only when it was looked up, and is certain only when it is
// locked: so look, lock, and look again.
Status Names::remove(uint64_t directory, std::string_view name, bool wants_directory,
                     Timestamp now) {
    VEXFS_TRY_VOID(check_name(name));
    for (;;) {
        VEXFS_TRY(directory_inode(directory));
        const std::optional<Found> seen = VEXFS_TRY(find(directory, name));
        if (!seen)
            return fail(Code::kENOENT, "names: there is no such name");
        const uint64_t ino = seen->dirent.ino;
        const auto held = locks_.lock({directory, ino});
        const std::optional<Found> found = VEXFS_TRY(find(directory, name));
        if (found != seen)
            continue;
        const Link link{directory, found->position};
        Edit edit(*this);
        Inode* const parent = VEXFS_TRY(edit.directory(directory));
        Inode* const inode = VEXFS_TRY(edit.inode(ino));
        if (inode->is_directory() && !wants_directory)
            return fail(Code::kEISDIR, "names: it is a directory");
        if (!inode->is_directory() && wants_directory)
            return fail(Code::kENOTDIR, "names: not a directory");
        if (inode->is_directory() && !VEXFS_TRY(is_empty(ino)))
            return fail(Code::kENOTEMPTY, "names: the directory is not empty");
        edit.erase_name(link);
        parent->nlink -= inode->is_directory() ? 1 : 0;
        --parent->size;
        parent->mtime = parent->ctime = now;
        inode->ctime = now;
        VEXFS_TRY_VOID(edit.drop(ino, link));
        return edit.apply(Space::kFreeing);
    }
}

Status Names::unlink(uint64_t directory, std::string_view name, Timestamp now) {
    return remove(directory, name, false, now);
}

Status Names::rmdir(uint64_t directory, std::string_view name, Timestamp now) {
    return remove(directory, name, true, now);
}

} // namespace vexfs
