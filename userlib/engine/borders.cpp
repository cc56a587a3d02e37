// SPDX-License-Identifier: Apache-2.0
//
// Verbs of names where files may carry rows: the rows go where their file goes, under the rights
// that it has there, or the verb is refused.
#include "base/log.h"
#include "userlib/collection/row_map.h"
#include "userlib/engine/collections.h"

namespace vexfs {

namespace {

Status across_border() {
    return fail(Code::kEXDEV, "collections: rows would cross the border of a collection");
}

Status erase_row_map(Store& store, uint64_t ino) {
    const std::optional<RowMap> map = VEXFS_TRY(read_row_map(store, ino));
    if (!map)
        return ok();
    Transaction transaction;
    put_row_map(transaction, ino, map->directory, {}, 0, 0);
    VEXFS_TRY_VOID(store.apply(transaction, Space::kFreeing));
    return erase_map_pieces(store, ino, 0, map->pieces);
}

} // namespace

Result<bool> Collections::carries_rows(uint64_t ino) {
    const std::optional<RowMap> map = VEXFS_TRY(read_row_map(store_, ino));
    return map && !map->slots.empty();
}

// What has rows in a collection that is not open needs nothing: it is asked for its class when the
// collection is opened.
Result<std::optional<Collections::Carried>> Collections::carried(uint64_t ino) {
    const Result<Inode> inode = names_.get(ino);
    if (!inode && inode.error().code == Code::kESTALE)
        return std::optional<Carried>();
    const Inode file = VEXFS_TRY(inode);
    if (!file.is_regular() || file.link.directory == 0)
        return std::optional<Carried>();
    std::shared_ptr<OpenCollection> collection =
        open_now(VEXFS_TRY(collection_of(file.link.directory)));
    if (!collection)
        return std::optional<Carried>();
    const std::optional<uint32_t> access_class = collection->rows->class_of(ino);
    if (!access_class)
        return std::optional<Carried>();
    return std::optional(Carried{std::move(collection), *access_class});
}

// After the verb: the rows have the class of what their file is now, or are given up.
void Collections::settle(uint64_t ino, const std::optional<Carried>& carried) {
    const Status settled = try_settle(ino, carried);
    if (settled)
        return;
    log(LogLevel::kWarning, "collections", "what became of a file's rows is not known",
        {{"ino", ino}, {"error", settled.error()}});
    if (!carried)
        return;
    // Nobody may find them under rights that have gone: all is derived anew when needed.
    WriteLock lock(registry_lock_);
    registry_[carried->collection->directory].open = nullptr;
}

Status Collections::try_settle(uint64_t ino, const std::optional<Carried>& carried) {
    if (!carried) // and nobody looks at its links, of which there may be many
        return give_up_rows(ino, carried);
    const std::optional<AccessClass> now = VEXFS_TRY(class_of(ino));
    if (now)
        VEXFS_TRY_VOID(
            carried->collection->rows->set_class(ino, carried->collection->classes.join(*now)));
    else
        VEXFS_TRY_VOID(give_up_rows(ino, carried));
    carried->collection->classes.leave(carried->access_class);
    return ok();
}

// Of a file without a name; nothing happens to others. One that is held has its row map still,
// whose slots others will get.
Status Collections::give_up_rows(uint64_t ino, const std::optional<Carried>& carried) {
    const Result<Inode> held = names_.get(ino);
    if (held && held->nlink > 0)
        return ok();
    if (!held && held.error().code != Code::kESTALE)
        return held.error();
    if (!carried)
        return held ? erase_row_map(store_, ino) : ok();
    Collection& rows = *carried->collection->rows;
    if (!held)
        return rows.file_gone(ino);
    VEXFS_TRY_VOID(rows.drop(ino, 0));
    return ok();
}

Result<Entry> Collections::link(uint64_t ino, uint64_t directory, std::string_view name,
                                Timestamp now) {
    ReadLock borders(border_lock_);
    const auto held = file_locks_.lock({ino});
    const Inode inode = VEXFS_TRY(names_.get(ino));
    if (inode.is_regular() && inode.nlink > 0 &&
        VEXFS_TRY(collection_of(directory)) != VEXFS_TRY(collection_of(inode.link.directory)) &&
        VEXFS_TRY(carries_rows(ino)))
        return across_border().error();
    const std::optional<Carried> rows = VEXFS_TRY(carried(ino));
    const Entry entry = VEXFS_TRY(names_.link(ino, directory, name, now));
    settle(ino, rows);
    return entry;
}

// What a name stands for is certain only with the file locked: so look, lock, and look again.
Status Collections::unlink(uint64_t directory, std::string_view name, Timestamp now) {
    VEXFS_TRY_VOID(check_name(name));
    ReadLock borders(border_lock_);
    if (VEXFS_TRY(collection_of(directory)) == 0)
        return names_.unlink(directory, name, now);
    for (;;) {
        const uint64_t ino = VEXFS_TRY(names_.lookup(directory, name)).ino;
        const auto held = file_locks_.lock({ino});
        const std::optional<Carried> rows = VEXFS_TRY(carried(ino));
        if (VEXFS_TRY(names_.lookup(directory, name)).ino != ino)
            continue;
        VEXFS_TRY_VOID(names_.unlink(directory, name, now));
        settle(ino, rows);
        return ok();
    }
}

Status Collections::rmdir(uint64_t directory, std::string_view name, Timestamp now) {
    VEXFS_TRY_VOID(check_name(name));
    WriteLock borders(border_lock_);
    const uint64_t ino = VEXFS_TRY(names_.lookup(directory, name)).ino;
    VEXFS_TRY_VOID(names_.rmdir(directory, name, now));
    removed_directory(ino);
    return ok();
}

// The next open destroys what could not be destroyed.
void Collections::removed_directory(uint64_t ino) {
    directories_.changed(ino);
    if (!is_collection(ino))
        return;
    const Status destroyed = destroy(ino);
    if (!destroyed)
        log(LogLevel::kWarning, "collections", "not destroyed with its directory",
            {{"collection", ino}, {"error", destroyed.error()}});
}

Result<Inode> Collections::set(uint64_t ino, const Attributes& attributes, Timestamp now) {
    if (!attributes.mode && !attributes.uid && !attributes.gid)
        return names_.set(ino, attributes, now);
    ReadLock borders(border_lock_);
    const auto held = file_locks_.lock({ino});
    const std::optional<Carried> rows = VEXFS_TRY(carried(ino));
    Result<Inode> inode = names_.set(ino, attributes, now);
    if (!inode)
        return inode;
    if (rows)
        settle(ino, rows);
    if (inode->is_directory())
        directories_.changed(ino);
    return inode;
}

Result<Collections::Named> Collections::look_up(const Place& from, const Place& to) {
    Named named;
    const Entry moved = VEXFS_TRY(names_.lookup(from.directory, from.name));
    named.moved = moved.ino;
    named.directories = moved.inode.is_directory();
    const Result<Entry> replaced = names_.lookup(to.directory, to.name);
    if (replaced) {
        named.replaced = replaced->ino;
        named.directories = named.directories || replaced->inode.is_directory();
    } else if (replaced.error().code != Code::kENOENT) {
        return replaced.error();
    }
    return named;
}

// Directories are moved alone, files beside other changes.
Status Collections::rename(const Place& from, const Place& to, RenameMode mode, Timestamp now) {
    VEXFS_TRY_VOID(check_name(from.name));
    VEXFS_TRY_VOID(check_name(to.name));
    for (;;) {
        const Named seen = VEXFS_TRY(look_up(from, to));
        if (seen.directories) {
            WriteLock borders(border_lock_);
            if (VEXFS_TRY(look_up(from, to)) == seen)
                return rename_alone(from, to, mode, now, seen);
        } else {
            ReadLock borders(border_lock_);
            const auto held = file_locks_.lock({seen.moved, seen.replaced});
            if (VEXFS_TRY(look_up(from, to)) == seen)
                return rename_named(from, to, mode, now, seen);
        }
    }
}

Status Collections::rename_named(const Place& from, const Place& to, RenameMode mode, Timestamp now,
                                 const Named& named) {
    if (VEXFS_TRY(collection_of(from.directory)) != VEXFS_TRY(collection_of(to.directory)) &&
        (VEXFS_TRY(carries_rows(named.moved)) ||
         (mode == RenameMode::kExchange && VEXFS_TRY(carries_rows(named.replaced)))))
        return across_border();
    const std::optional<Carried> moved = VEXFS_TRY(carried(named.moved));
    const std::optional<Carried> replaced = VEXFS_TRY(carried(named.replaced));
    VEXFS_TRY_VOID(names_.rename(from, to, mode, now));
    settle(named.moved, moved);
    if (named.replaced != 0 && named.replaced != named.moved)
        settle(named.replaced, replaced);
    return ok();
}

// A directory that is a collection takes its rows along wherever it goes.
Status Collections::check_border(uint64_t directory, uint64_t collection) {
    if (directory == 0 || collection == 0 || is_collection(directory))
        return ok();
    const std::shared_ptr<OpenCollection> left = VEXFS_TRY(open_alone(collection));
    return VEXFS_TRY(left->classes.any_files_below(directory)) ? across_border() : ok();
}

Status Collections::rename_alone(const Place& from, const Place& to, RenameMode mode, Timestamp now,
                                 const Named& named) {
    const bool exchange = mode == RenameMode::kExchange;
    const uint64_t here = VEXFS_TRY(collection_of(from.directory));
    const uint64_t there = VEXFS_TRY(collection_of(to.directory));
    if (here != there) {
        VEXFS_TRY_VOID(check_border(named.moved, here));
        if (exchange)
            VEXFS_TRY_VOID(check_border(named.replaced, there));
    }
    VEXFS_TRY_VOID(rename_named(from, to, mode, now, named));
    directories_.changed(named.moved);
    if (exchange)
        directories_.changed(named.replaced);
    else if (named.replaced != 0 && named.replaced != named.moved)
        removed_directory(named.replaced);
    return ok();
}

} // namespace vexfs
