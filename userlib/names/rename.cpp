// SPDX-License-Identifier: Apache-2.0
#include "userlib/names/edit.h"

namespace vexfs {

namespace {

constexpr size_t kDepthMax = 100'000; // of directories; deeper is a circle

Status too_many_directories() {
    return fail(Code::kEMLINK, "names: the directory holds as many directories as it may");
}

} // namespace

// One rename, when everything that it touches is locked.
//
// Threads: one thread, which holds the locks.
class Rename {
  public:
    Rename(Names& names, const Place& from, const Place& to, Timestamp now)
        : names_(names), from_place_(from), to_place_(to), now_(now), edit_(names) {}

    // `replaced` is none if nothing has the second name.
    Status run(const Names::Found& moved, const std::optional<Names::Found>& replaced,
               RenameMode mode) {
        from_ = VEXFS_TRY(edit_.directory(from_place_.directory));
        to_ = VEXFS_TRY(edit_.directory(to_place_.directory));
        moved_ = VEXFS_TRY(edit_.inode(moved.dirent.ino));
        source_ = {from_place_.directory, moved.position};
        if (mode == RenameMode::kExchange && !replaced)
            return fail(Code::kENOENT, "names: there is nothing to exchange with");
        if (mode == RenameMode::kNoReplace && replaced)
            return fail(Code::kEEXIST, "names: the name exists");
        if (!replaced) {
            target_.directory = to_place_.directory;
            target_.position = VEXFS_TRY(names_.free_position(to_place_.directory, to_place_.name));
            return move(moved.dirent.ino);
        }
        const uint64_t ino = replaced->dirent.ino;
        if (ino == moved.dirent.ino)
            return ok(); // two names of one file: POSIX has it that both stay
        replaced_ = VEXFS_TRY(edit_.inode(ino));
        target_ = {to_place_.directory, replaced->position};
        if (mode == RenameMode::kExchange)
            return exchange(moved.dirent.ino, ino);
        VEXFS_TRY_VOID(drop_replaced(ino));
        return move(moved.dirent.ino);
    }

  private:
    Status drop_replaced(uint64_t ino) {
        const bool directory = replaced_->is_directory();
        if (moved_->is_directory() && !directory)
            return fail(Code::kENOTDIR, "names: a directory would replace what is none");
        if (!moved_->is_directory() && directory)
            return fail(Code::kEISDIR, "names: what is no directory would replace one");
        if (directory && !VEXFS_TRY(names_.is_empty(ino)))
            return fail(Code::kENOTEMPTY, "names: the directory to be replaced is not empty");
        to_->nlink -= directory ? 1 : 0;
        --to_->size;
        replaced_->ctime = now_;
        replaced_ = nullptr;
        return edit_.drop(ino, target_);
    }

    Status move(uint64_t ino) {
        VEXFS_TRY_VOID(check_not_below(ino, *moved_, to_place_.directory));
        if (moved_->is_directory()) {
            if (from_ != to_ && to_->nlink >= kLinksMax)
                return too_many_directories();
            --from_->nlink;
            ++to_->nlink;
        }
        --from_->size;
        ++to_->size;
        edit_.erase_name(source_);
        edit_.put_name(target_, {ino, moved_->type(), std::string(to_place_.name)});
        VEXFS_TRY_VOID(edit_.move_link(ino, source_, target_));
        return finish();
    }

    Status exchange(uint64_t here, uint64_t there) {
        VEXFS_TRY_VOID(check_not_below(here, *moved_, to_place_.directory));
        VEXFS_TRY_VOID(check_not_below(there, *replaced_, from_place_.directory));
        if (moved_->is_directory() != replaced_->is_directory() && from_ != to_) {
            Inode* const gains = moved_->is_directory() ? to_ : from_;
            Inode* const loses = moved_->is_directory() ? from_ : to_;
            if (gains->nlink >= kLinksMax)
                return too_many_directories();
            ++gains->nlink;
            --loses->nlink;
        }
        edit_.put_name(source_, {there, replaced_->type(), std::string(from_place_.name)});
        edit_.put_name(target_, {here, moved_->type(), std::string(to_place_.name)});
        VEXFS_TRY_VOID(edit_.move_link(here, source_, target_));
        VEXFS_TRY_VOID(edit_.move_link(there, target_, source_));
        replaced_->ctime = now_;
        return finish();
    }

    // A directory must not come to lie in itself. Only a rename that holds the lock of renames
    // changes who is above whom.
    Status check_not_below(uint64_t ino, const Inode& inode, uint64_t directory) {
        if (!inode.is_directory() || from_ == to_)
            return ok();
        for (size_t depth = 0; depth < kDepthMax; ++depth) {
            if (directory == ino)
                return fail(Code::kEINVAL, "names: a directory would come to lie in itself");
            if (directory == kRootIno)
                return ok();
            directory = VEXFS_TRY(names_.get(directory)).link.directory;
        }
        return fail(Code::kEUCLEAN, "names: a directory is below itself");
    }

    Status finish() {
        moved_->ctime = now_;
        from_->mtime = from_->ctime = now_;
        to_->mtime = to_->ctime = now_;
        return edit_.apply();
    }

    Names& names_;
    const Place from_place_;
    const Place to_place_;
    const Timestamp now_;
    Edit edit_;
    Inode* from_ = nullptr;
    Inode* to_ = nullptr;
    Inode* moved_ = nullptr;
    Inode* replaced_ = nullptr; // null: there is nothing, or nothing any more
    Link source_;
    Link target_;
};

Status Names::rename(const Place& from, const Place& to, RenameMode mode, Timestamp now) {
    VEXFS_TRY_VOID(check_name(from.name));
    VEXFS_TRY_VOID(check_name(to.name));
    if (from.directory == to.directory)
        return rename_places(from, to, mode, now);
    MutexLock lock(rename_mutex_);
    return rename_places(from, to, mode, now);
}

// As with a removal: look, lock, look again.
Status Names::rename_places(const Place& from, const Place& to, RenameMode mode, Timestamp now) {
    for (;;) {
        VEXFS_TRY(directory_inode(from.directory));
        VEXFS_TRY(directory_inode(to.directory));
        const std::optional<Found> seen = VEXFS_TRY(find(from.directory, from.name));
        const std::optional<Found> seen_there = VEXFS_TRY(find(to.directory, to.name));
        if (!seen)
            return fail(Code::kENOENT, "names: there is no such name");
        const uint64_t there = seen_there ? seen_there->dirent.ino : seen->dirent.ino;
        const auto held = locks_.lock({from.directory, to.directory, seen->dirent.ino, there});
        const std::optional<Found> moved = VEXFS_TRY(find(from.directory, from.name));
        const std::optional<Found> replaced = VEXFS_TRY(find(to.directory, to.name));
        if (moved != seen || replaced != seen_there)
            continue;
        return Rename(*this, from, to, now).run(*moved, replaced, mode);
    }
}

} // namespace vexfs
