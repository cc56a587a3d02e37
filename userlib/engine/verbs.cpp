// SPDX-License-Identifier: Apache-2.0
//
// The verbs of a volume; those of rows: rows.cpp.
#include "userlib/engine/volume.h"

#include "base/log.h"

namespace vexfs {

Status Volume::changeable(std::initializer_list<uint64_t> inos,
                          std::initializer_list<std::string_view> names) const {
    if (options_.read_only)
        return fail(Code::kEROFS, "volume: opened read-only");
    for (const uint64_t ino : inos)
        if (VirtualFiles::owns(ino))
            return fail(Code::kEPERM, "volume: a file below .vexfs cannot be changed");
    for (const std::string_view name : names)
        if (is_reserved_name(name))
            return fail(Code::kEPERM, "volume: the name is reserved");
    return ok();
}

Result<Entry> Volume::held(Result<Entry> entry) {
    if (!entry || VirtualFiles::owns(entry->ino))
        return entry;
    const Status held = names_->hold(entry->ino);
    if (held)
        return entry;
    return held.error().code == Code::kESTALE ? fail(Code::kENOENT, "volume: the name has gone")
                                              : held.error();
}

Result<Inode> Volume::get(uint64_t ino) {
    if (SimilarFiles::owns(ino))
        return similar_files_->inode(ino);
    if (VirtualFiles::owns(ino))
        return virtual_files_.inode(ino);
    return names_->get(ino);
}

Status Volume::forget(uint64_t ino, uint64_t times) {
    if (VirtualFiles::owns(ino) || times == 0)
        return ok();
    const Status released = names_->release(ino, times);
    if (!released && released.error().code == Code::kEROFS)
        return ok(); // the next open for writing finds it
    if (keeper_)
        keeper_->deleted();
    return released;
}

Result<Entry> Volume::lookup(uint64_t directory, std::string_view name, const AskCaller& ask) {
    if (SimilarFiles::owns(directory) ||
        (name == SimilarFiles::kName && !VirtualFiles::owns(directory)))
        return held(similar_files_->lookup(directory, name, ask));
    if (VirtualFiles::owns(directory) || is_reserved_name(name))
        return virtual_files_.lookup(directory, name);
    if (name == "." || name == "..")
        return names_->lookup(directory, name);
    return held(names_->lookup(directory, name));
}

Result<std::vector<Listed>> Volume::list(uint64_t directory, uint64_t cursor, size_t entries_max,
                                         const AskCaller& ask) {
    if (SimilarFiles::owns(directory))
        return similar_files_->list(directory, cursor, entries_max, ask);
    if (VirtualFiles::owns(directory))
        return virtual_files_.list(directory, cursor, entries_max);
    return names_->list(directory, cursor, entries_max);
}

Result<std::string> Volume::read_link(uint64_t ino, const AskCaller& ask) {
    if (SimilarFiles::owns(ino))
        return similar_files_->read_link(ino, ask);
    if (VirtualFiles::owns(ino))
        return fail(Code::kEINVAL, "volume: not a symbolic link");
    return names_->read_link(ino);
}

Result<Entry> Volume::make(uint64_t directory, std::string_view name, const Make& what) {
    VEXFS_TRY_VOID(changeable({directory}, {name}));
    return held(with_room([&] { return names_->make(directory, name, what, now()); }));
}

// Held already.
Result<Entry> Volume::make_unnamed(uint64_t directory, const Make& what) {
    VEXFS_TRY_VOID(changeable({directory}));
    return with_room([&] { return names_->make_unnamed(what, now()); });
}

Result<Entry> Volume::link(uint64_t ino, uint64_t directory, std::string_view name) {
    VEXFS_TRY_VOID(changeable({ino, directory}, {name}));
    return held(with_room([&] { return collections_->link(ino, directory, name, now()); }));
}

Status Volume::unlink(uint64_t directory, std::string_view name) {
    VEXFS_TRY_VOID(changeable({directory}, {name}));
    keeper_->deleted();
    return collections_->unlink(directory, name, now());
}

Status Volume::rmdir(uint64_t directory, std::string_view name) {
    VEXFS_TRY_VOID(changeable({directory}, {name}));
    keeper_->deleted();
    return collections_->rmdir(directory, name, now());
}

Status Volume::rename(const Place& from, const Place& to, RenameMode mode) {
    VEXFS_TRY_VOID(changeable({from.directory, to.directory}, {from.name, to.name}));
    keeper_->deleted();
    return with_room([&] { return collections_->rename(from, to, mode, now()); });
}

Result<Inode> Volume::set(uint64_t ino, Attributes attributes, bool atime_now, bool mtime_now) {
    // Opening `call` with O_TRUNC: there is nothing in it yet.
    if (VirtualFiles::is_call(ino) && attributes.size == 0 && !attributes.mode && !attributes.uid &&
        !attributes.gid)
        return virtual_files_.inode(ino);
    VEXFS_TRY_VOID(changeable({ino}));
    const Timestamp time = now();
    if (atime_now)
        attributes.atime = time;
    if (mtime_now)
        attributes.mtime = time;
    return with_room([&] { return collections_->set(ino, attributes, time); });
}

Result<uint64_t> Volume::open_file(uint64_t ino) {
    if (VirtualFiles::owns(ino))
        return virtual_files_.open(ino);
    return uint64_t{0};
}

void Volume::close_file(uint64_t ino, uint64_t handle) {
    if (VirtualFiles::owns(ino)) {
        virtual_files_.close(handle);
        return;
    }
    if (options_.read_only)
        return;
    const Status closed = row_xattrs_->closed(ino);
    if (!closed)
        log(LogLevel::kWarning, "volume", "rows stay stale",
            {{"ino", ino}, {"error", closed.error()}});
}

Result<size_t> Volume::read(uint64_t ino, uint64_t handle, uint64_t offset, MutableBytes out) {
    if (VirtualFiles::owns(ino))
        return virtual_files_.read(handle, offset, out);
    return names_->read(ino, offset, out,
                        read_ahead_.next(ino, offset, out.size(), store_->room_ahead()));
}

Result<Written> Volume::write(uint64_t ino, const WriteRequest& request, Bytes bytes) {
    VEXFS_TRY_VOID(changeable({ino}));
    const auto written = with_room([&] { return names_->write(ino, request, bytes, now()); });
    keeper_->dirtied();
    return written;
}

Result<Inode> Volume::allocate(uint64_t ino, uint64_t offset, uint64_t length, Allocate how) {
    VEXFS_TRY_VOID(changeable({ino}));
    return with_room([&] { return names_->allocate(ino, offset, length, how, now()); });
}

Result<uint64_t> Volume::seek_data(uint64_t ino, uint64_t offset) {
    if (VirtualFiles::owns(ino))
        return offset;
    return names_->seek_data(ino, offset);
}

Result<uint64_t> Volume::seek_hole(uint64_t ino, uint64_t offset) {
    if (VirtualFiles::owns(ino))
        return offset;
    return names_->seek_hole(ino, offset);
}

Result<Written> Volume::copy(uint64_t from, uint64_t offset, uint64_t to, uint64_t to_offset,
                             uint64_t length) {
    VEXFS_TRY_VOID(changeable({from, to}));
    const auto written =
        with_room([&] { return names_->copy(from, offset, to, to_offset, length, now()); });
    keeper_->dirtied();
    return written;
}

Result<Page> Volume::get_xattr(uint64_t ino, std::string_view name) {
    if (VirtualFiles::owns(ino))
        return fail(Code::kENODATA, "volume: a virtual file has no attributes");
    if (RowXattrs::owns(name))
        return row_xattrs_->get(ino, name);
    return names_->get_xattr(ino, name);
}

Result<std::vector<std::string>> Volume::list_xattrs(uint64_t ino) {
    if (VirtualFiles::owns(ino))
        return std::vector<std::string>();
    return row_xattrs_->list(ino);
}

Status Volume::set_xattr(uint64_t ino, std::string_view name, Bytes value, SetXattr how) {
    VEXFS_TRY_VOID(changeable({ino}));
    const auto set = [&] {
        if (VolumeSettings::owns(ino, name))
            return settings_->set(name, value, how, now());
        return RowXattrs::owns(name) ? row_xattrs_->set(ino, name, value, how, now())
                                     : names_->set_xattr(ino, name, value, how, now());
    };
    const Status done = with_room(set);
    keeper_->dirtied();
    return done;
}

Status Volume::remove_xattr(uint64_t ino, std::string_view name) {
    VEXFS_TRY_VOID(changeable({ino}));
    if (VolumeSettings::owns(ino, name))
        return settings_->remove(name, now());
    if (RowXattrs::owns(name))
        return row_xattrs_->remove(ino, name, now());
    return names_->remove_xattr(ino, name, now());
}

Result<std::string> Volume::path(uint64_t ino) {
    if (VirtualFiles::owns(ino))
        return fail(Code::kENOENT, "volume: a virtual file has no path");
    return names_->path(ino);
}

Status Volume::sync() {
    return options_.read_only ? ok() : store_->sync();
}

} // namespace vexfs
