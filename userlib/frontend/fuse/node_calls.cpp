// SPDX-License-Identifier: Apache-2.0
//
// Calls on nodes and names.
#include <array>

#include "userlib/frontend/fuse/fuse_call.h"

namespace vexfs {

namespace {

constexpr size_t kTargetRoom = 4096;

vexfs_time time_of(const timespec& time) {
    return {time.tv_sec, static_cast<uint32_t>(time.tv_nsec), 0};
}

// What the attributes that the kernel sets are called on the wire.
constexpr std::array<std::pair<int, uint32_t>, 8> kSets{{
    {FUSE_SET_ATTR_MODE, VEXFS_SET_MODE},
    {FUSE_SET_ATTR_UID, VEXFS_SET_UID},
    {FUSE_SET_ATTR_GID, VEXFS_SET_GID},
    {FUSE_SET_ATTR_SIZE, VEXFS_SET_SIZE},
    {FUSE_SET_ATTR_ATIME, VEXFS_SET_ATIME},
    {FUSE_SET_ATTR_MTIME, VEXFS_SET_MTIME},
    {FUSE_SET_ATTR_ATIME_NOW, VEXFS_SET_ATIME_NOW},
    {FUSE_SET_ATTR_MTIME_NOW, VEXFS_SET_MTIME_NOW},
}};

void lookup(fuse_req_t req, fuse_ino_t parent, const char* name) {
    guarded(req, [&] {
        vexfs_rep_entry entry{};
        Call call(req, VEXFS_REQ_LOOKUP, parent);
        if (call.fetch(vexfs_req_name{length(name), 0}, bytes_of_name(name), entry))
            reply_entry(req, entry);
    });
}

void forget(fuse_req_t req, fuse_ino_t node, uint64_t lookups) {
    forget_one(server(req), Call(req, VEXFS_REQ_FORGET, node).ino_of(node), lookups);
    fuse_reply_none(req);
}

void forget_multi(fuse_req_t req, size_t count, fuse_forget_data* forgets) {
    for (size_t i = 0; i < count; ++i)
        forget_one(server(req), Call(req, VEXFS_REQ_FORGET, forgets[i].ino).ino_of(forgets[i].ino),
                   forgets[i].nlookup);
    fuse_reply_none(req);
}

void reply_attr(fuse_req_t req, const vexfs_rep_attr& reply) {
    const struct stat stat = stat_of(reply.attr);
    fuse_reply_attr(req, &stat, seconds_of(reply.attr.valid_ns));
}

void getattr(fuse_req_t req, fuse_ino_t node, fuse_file_info*) {
    guarded(req, [&] {
        vexfs_rep_attr reply{};
        Call call(req, VEXFS_REQ_GETATTR, node);
        if (call.taken(call.run_bodyless({}, std::as_writable_bytes(std::span(&reply, 1)))))
            reply_attr(req, reply);
    });
}

// A session that is cut to nothing drops what is staged; it has the size that it had.
void truncate_session(fuse_req_t req, fuse_ino_t node, uint64_t handle) {
    Call truncate(req, VEXFS_REQ_SESSION_TRUNCATE, node);
    truncate.set_handle(handle);
    if (!truncate.taken(truncate.run_bodyless({}, {})))
        return;
    vexfs_rep_attr reply{};
    Call call(req, VEXFS_REQ_GETATTR, node);
    if (call.taken(call.run_bodyless({}, std::as_writable_bytes(std::span(&reply, 1)))))
        reply_attr(req, reply);
}

void setattr(fuse_req_t req, fuse_ino_t node, struct stat* attr, int to_set, fuse_file_info* file) {
    guarded(req, [&] {
        if (file != nullptr && is_session(file->fh) && attr->st_size == 0 &&
            (to_set & FUSE_SET_ATTR_SIZE) != 0)
            return truncate_session(req, node, file->fh);
        vexfs_req_setattr body{};
        for (const auto& [fuse, wire] : kSets)
            body.valid |= (to_set & fuse) != 0 ? wire : 0;
        body.mode = attr->st_mode;
        body.uid = attr->st_uid;
        body.gid = attr->st_gid;
        body.size = static_cast<uint64_t>(attr->st_size);
        body.atime = time_of(attr->st_atim);
        body.mtime = time_of(attr->st_mtim);
        // The time of now is the engine's, if it is asked for it.
        if ((body.valid & VEXFS_SET_ATIME_NOW) != 0)
            body.valid &= ~static_cast<uint32_t>(VEXFS_SET_ATIME);
        if ((body.valid & VEXFS_SET_MTIME_NOW) != 0)
            body.valid &= ~static_cast<uint32_t>(VEXFS_SET_MTIME);
        vexfs_rep_attr reply{};
        if (Call(req, VEXFS_REQ_SETATTR, node).fetch(body, {}, reply))
            reply_attr(req, reply);
    });
}

void readlink(fuse_req_t req, fuse_ino_t node) {
    guarded(req, [&] {
        std::array<char, kTargetRoom + 1> target{};
        Call call(req, VEXFS_REQ_READLINK, node);
        const MutableBytes out = std::as_writable_bytes(std::span(target)).first(kTargetRoom);
        if (call.taken(call.run_bodyless({}, out)))
            fuse_reply_readlink(req, target.data());
    });
}

vexfs_req_make make_body(fuse_req_t req, const char* name, mode_t mode) {
    const fuse_ctx* const context = fuse_req_ctx(req);
    vexfs_req_make body{};
    body.mode = mode;
    body.uid = context->uid;
    body.gid = context->gid;
    body.name_bytes = length(name);
    return body;
}

// A set-group-ID directory hands its group on, and itself to directories.
void inherit(fuse_req_t req, fuse_ino_t parent, vexfs_req_make& body) {
    vexfs_rep_attr reply{};
    Call call(req, VEXFS_REQ_GETATTR, parent);
    if (call.run_bodyless({}, std::as_writable_bytes(std::span(&reply, 1))).result != 0 ||
        (reply.attr.mode & S_ISGID) == 0)
        return;
    body.gid = reply.attr.gid;
    if (S_ISDIR(body.mode))
        body.mode |= S_ISGID;
}

void make(fuse_req_t req, uint32_t op, fuse_ino_t parent, vexfs_req_make body,
          const std::string& payload) {
    vexfs_rep_entry entry{};
    inherit(req, parent, body);
    if (Call(req, op, parent).fetch(body, std::as_bytes(std::span(payload)), entry))
        reply_entry(req, entry);
}

void mknod(fuse_req_t req, fuse_ino_t parent, const char* name, mode_t mode, dev_t rdev) {
    guarded(req, [&] {
        vexfs_req_make body = make_body(req, name, mode);
        body.rdev_major = major(rdev);
        body.rdev_minor = minor(rdev);
        make(req, VEXFS_REQ_MKNOD, parent, body, name);
    });
}

void mkdir(fuse_req_t req, fuse_ino_t parent, const char* name, mode_t mode) {
    guarded(req, [&] {
        make(req, VEXFS_REQ_MKDIR, parent, make_body(req, name, S_IFDIR | mode), name);
    });
}

void symlink(fuse_req_t req, const char* target, fuse_ino_t parent, const char* name) {
    guarded(req, [&] {
        vexfs_req_make body = make_body(req, name, S_IFLNK | 0777);
        body.target_bytes = length(target);
        make(req, VEXFS_REQ_SYMLINK, parent, body, std::string(name) + target);
    });
}

void create(fuse_req_t req, fuse_ino_t parent, const char* name, mode_t mode,
            fuse_file_info* file) {
    guarded(req, [&] {
        vexfs_req_make body = make_body(req, name, mode);
        inherit(req, parent, body);
        body.open_flags = static_cast<uint32_t>(file->flags);
        vexfs_rep_create reply{};
        if (!Call(req, VEXFS_REQ_CREATE, parent).fetch(body, bytes_of_name(name), reply))
            return;
        FuseServer& own = server(req);
        take_open(reply.open, file);
        const fuse_entry_param param = entry_param(own, reply.entry);
        if (fuse_reply_create(req, &param, file) != 0)
            forget_one(own, reply.entry.attr.ino, 1);
    });
}

void remove(fuse_req_t req, uint32_t op, fuse_ino_t parent, const char* name) {
    guarded(req, [&] {
        Call call(req, op, parent);
        call.refuse(call.run(vexfs_req_name{length(name), 0}, bytes_of_name(name), {}).result);
    });
}
void unlink(fuse_req_t req, fuse_ino_t parent, const char* name) {
    remove(req, VEXFS_REQ_UNLINK, parent, name);
}
void rmdir(fuse_req_t req, fuse_ino_t parent, const char* name) {
    remove(req, VEXFS_REQ_RMDIR, parent, name);
}

void rename(fuse_req_t req, fuse_ino_t parent, const char* name, fuse_ino_t to_parent,
            const char* to_name, unsigned flags) {
    guarded(req, [&] {
        Call call(req, VEXFS_REQ_RENAME, parent);
        const vexfs_req_rename body{call.ino_of(to_parent), kGeneration, flags, length(name),
                                    length(to_name)};
        const std::string names = std::string(name) + to_name;
        call.refuse(call.run(body, std::as_bytes(std::span(names)), {}).result);
    });
}

void link(fuse_req_t req, fuse_ino_t node, fuse_ino_t parent, const char* name) {
    guarded(req, [&] {
        Call call(req, VEXFS_REQ_LINK, parent);
        const vexfs_req_link body{call.ino_of(node), kGeneration, length(name)};
        vexfs_rep_entry entry{};
        if (call.fetch(body, bytes_of_name(name), entry))
            reply_entry(req, entry);
    });
}

void statfs(fuse_req_t req, fuse_ino_t node) {
    guarded(req, [&] {
        vexfs_rep_statfs reply{};
        Call call(req, VEXFS_REQ_STATFS, node);
        if (!call.taken(call.run_bodyless({}, std::as_writable_bytes(std::span(&reply, 1)))))
            return;
        struct statvfs stat {};
        stat.f_bsize = reply.block_bytes;
        stat.f_frsize = reply.block_bytes;
        stat.f_blocks = reply.blocks;
        stat.f_bfree = reply.blocks_free;
        stat.f_bavail = reply.blocks_available;
        stat.f_files = reply.files;
        stat.f_ffree = reply.files_free;
        stat.f_favail = reply.files_free;
        stat.f_fsid = reply.fsid;
        stat.f_namemax = reply.name_bytes;
        fuse_reply_statfs(req, &stat);
    });
}

} // namespace

void add_node_calls(fuse_lowlevel_ops& calls) {
    calls.lookup = lookup;
    calls.forget = forget;
    calls.forget_multi = forget_multi;
    calls.getattr = getattr;
    calls.setattr = setattr;
    calls.readlink = readlink;
    calls.mknod = mknod;
    calls.mkdir = mkdir;
    calls.symlink = symlink;
    calls.create = create;
    calls.unlink = unlink;
    calls.rmdir = rmdir;
    calls.rename = rename;
    calls.link = link;
    calls.statfs = statfs;
}

} // namespace vexfs
