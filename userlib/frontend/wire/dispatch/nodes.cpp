// SPDX-License-Identifier: Apache-2.0
//
// Requests on nodes and names.
#include <linux/fs.h>

#include "userlib/frontend/wire/dispatch/pieces.h"

namespace vexfs {

namespace {

constexpr uint32_t kSetKnown = VEXFS_SET_MODE | VEXFS_SET_UID | VEXFS_SET_GID | VEXFS_SET_SIZE |
                               VEXFS_SET_ATIME | VEXFS_SET_MTIME | VEXFS_SET_ATIME_NOW |
                               VEXFS_SET_MTIME_NOW | VEXFS_SET_KILL_PRIV;

Result<Timestamp> timestamp_of(const vexfs_time& time) {
    if (time.nsec >= 1'000'000'000)
        return fail(Code::kEINVAL, "request: nanoseconds of a time");
    return Timestamp{time.sec, time.nsec};
}

Result<Attributes> attributes_of(const vexfs_req_setattr& body) {
    if ((body.valid & ~kSetKnown) != 0)
        return fail(Code::kEINVAL, "request: an attribute that is not known");
    Attributes attributes;
    if ((body.valid & VEXFS_SET_MODE) != 0)
        attributes.mode = body.mode;
    if ((body.valid & VEXFS_SET_UID) != 0)
        attributes.uid = body.uid;
    if ((body.valid & VEXFS_SET_GID) != 0)
        attributes.gid = body.gid;
    if ((body.valid & VEXFS_SET_SIZE) != 0)
        attributes.size = body.size;
    if ((body.valid & VEXFS_SET_ATIME) != 0)
        attributes.atime = VEXFS_TRY(timestamp_of(body.atime));
    if ((body.valid & VEXFS_SET_MTIME) != 0)
        attributes.mtime = VEXFS_TRY(timestamp_of(body.mtime));
    attributes.kill_privileges = (body.valid & VEXFS_SET_KILL_PRIV) != 0;
    return attributes;
}

// The type that the op makes, whatever the mode says.
uint32_t mode_of(uint32_t op, uint32_t mode) {
    const uint32_t permissions = mode & ~static_cast<uint32_t>(S_IFMT);
    switch (op) {
    case VEXFS_REQ_MKDIR:
        return S_IFDIR | permissions;
    case VEXFS_REQ_SYMLINK:
        return S_IFLNK | permissions;
    case VEXFS_REQ_MKNOD:
        return (mode & S_IFMT) == 0 ? S_IFREG | permissions : mode;
    default:
        return S_IFREG | permissions;
    }
}

struct Making {
    std::string_view name;
    Make what;
};

Result<Making> making_of(const WireRequest& request) {
    const auto body = VEXFS_TRY(body_of<vexfs_req_make>(request));
    if (request.payload.size() != uint64_t{body.name_bytes} + body.target_bytes)
        return fail(Code::kEINVAL, "request: the payload is not name and target");
    Making making;
    making.name = text_of(request.payload.first(body.name_bytes));
    making.what.mode = mode_of(request.header.op, body.mode);
    if (S_ISDIR(making.what.mode) && request.header.op != VEXFS_REQ_MKDIR)
        return fail(Code::kEINVAL, "request: a directory is made by mkdir");
    if (S_ISLNK(making.what.mode) && request.header.op != VEXFS_REQ_SYMLINK)
        return fail(Code::kEINVAL, "request: a symbolic link is made by symlink");
    making.what.uid = body.uid;
    making.what.gid = body.gid;
    making.what.rdev_major = body.rdev_major;
    making.what.rdev_minor = body.rdev_minor;
    making.what.target = text_of(request.payload.subspan(body.name_bytes));
    return making;
}

Result<RenameMode> rename_mode_of(uint32_t flags) {
    switch (flags) {
    case 0:
        return RenameMode::kReplace;
    case RENAME_NOREPLACE:
        return RenameMode::kNoReplace;
    case RENAME_EXCHANGE:
        return RenameMode::kExchange;
    default:
        return fail(Code::kEINVAL, "request: flags of rename");
    }
}

} // namespace

Result<size_t> Dispatch::mount(const WireRequest& request) {
    VEXFS_TRY(body_of<vexfs_req_mount>(request));
    vexfs_rep_mount reply{};
    reply.root = attr_of(kRootIno, VEXFS_TRY(volume_.get(kRootIno)));
    reply.max_size = kFileBytesMax;
    reply.max_io = VEXFS_QUEUE_MAX_DATA;
    reply.max_links = kLinksMax;
    reply.time_ns = 1;
    reply.flags = volume_.read_only() ? VEXFS_HELLO_READ_ONLY : 0;
    return reply_with(request, reply);
}

Result<size_t> Dispatch::unmount(const WireRequest&) {
    VEXFS_TRY_VOID(volume_.sync());
    return size_t{0};
}

// That there is no such name is an answer, which may be believed; but of what is there for one
// caller, or since there is a collection.
Result<size_t> Dispatch::lookup(const WireRequest& request) {
    const auto body = VEXFS_TRY(body_of<vexfs_req_name>(request));
    const std::string_view name = VEXFS_TRY(name_of(request, body.name_bytes));
    const uint64_t directory = VEXFS_TRY(node(request));
    const Result<Entry> entry = volume_.lookup(directory, name, caller_of(request));
    if (entry)
        return reply_entry(request, *entry);
    if (entry.error().code != Code::kENOENT)
        return entry.error();
    vexfs_rep_entry absent{};
    if (!VirtualFiles::owns(directory) && !is_reserved_name(name))
        absent.entry_ns = entry_of({kRootIno, Inode()}).entry_ns;
    return reply_with(request, absent);
}

// What cannot be forgotten is not known any more: nobody waits for an answer.
Result<size_t> Dispatch::forget(const WireRequest& request) {
    const auto body = VEXFS_TRY(body_of<vexfs_req_forget>(request));
    if (request.payload.size() != uint64_t{body.count} * sizeof(vexfs_node))
        return fail(Code::kEINVAL, "request: the payload is not the nodes");
    Status all = ok();
    for (uint32_t i = 0; i < body.count; ++i) {
        vexfs_node node;
        std::memcpy(&node, request.payload.data() + i * sizeof node, sizeof node);
        const Status forgotten = volume_.forget(node.ino, node.lookups);
        if (!forgotten)
            all = forgotten;
    }
    VEXFS_TRY_VOID(all);
    return size_t{0};
}

Result<size_t> Dispatch::getattr(const WireRequest& request) {
    return reply_attr(request, VEXFS_TRY(volume_.get(VEXFS_TRY(node(request)))));
}

Result<size_t> Dispatch::setattr(const WireRequest& request) {
    const auto body = VEXFS_TRY(body_of<vexfs_req_setattr>(request));
    const Attributes attributes = VEXFS_TRY(attributes_of(body));
    return reply_attr(request, VEXFS_TRY(volume_.set(VEXFS_TRY(node(request)), attributes,
                                                     (body.valid & VEXFS_SET_ATIME_NOW) != 0,
                                                     (body.valid & VEXFS_SET_MTIME_NOW) != 0)));
}

Result<size_t> Dispatch::readlink(const WireRequest& request) {
    const std::string target =
        VEXFS_TRY(volume_.read_link(VEXFS_TRY(node(request)), caller_of(request)));
    if (target.size() > request.out.size())
        return fail(Code::kEMSGSIZE, "request: no room for the target");
    std::memcpy(request.out.data(), target.data(), target.size());
    return target.size();
}

Result<size_t> Dispatch::make(const WireRequest& request) {
    const Making making = VEXFS_TRY(making_of(request));
    return reply_entry(request,
                       VEXFS_TRY(volume_.make(VEXFS_TRY(node(request)), making.name, making.what)));
}

Result<size_t> Dispatch::create(const WireRequest& request) {
    const Making making = VEXFS_TRY(making_of(request));
    return reply_created(
        request, VEXFS_TRY(volume_.make(VEXFS_TRY(node(request)), making.name, making.what)));
}

Result<size_t> Dispatch::tmpfile(const WireRequest& request) {
    const Making making = VEXFS_TRY(making_of(request));
    return reply_created(request,
                         VEXFS_TRY(volume_.make_unnamed(VEXFS_TRY(node(request)), making.what)));
}

Result<size_t> Dispatch::unlink(const WireRequest& request) {
    const auto body = VEXFS_TRY(body_of<vexfs_req_name>(request));
    VEXFS_TRY_VOID(
        volume_.unlink(VEXFS_TRY(node(request)), VEXFS_TRY(name_of(request, body.name_bytes))));
    return size_t{0};
}

Result<size_t> Dispatch::rmdir(const WireRequest& request) {
    const auto body = VEXFS_TRY(body_of<vexfs_req_name>(request));
    VEXFS_TRY_VOID(
        volume_.rmdir(VEXFS_TRY(node(request)), VEXFS_TRY(name_of(request, body.name_bytes))));
    return size_t{0};
}

Result<size_t> Dispatch::rename(const WireRequest& request) {
    const auto body = VEXFS_TRY(body_of<vexfs_req_rename>(request));
    if (request.payload.size() != uint64_t{body.name_bytes} + body.to_bytes)
        return fail(Code::kEINVAL, "request: the payload is not two names");
    VEXFS_TRY_VOID(check_node(body.ino, body.generation));
    const Place from{VEXFS_TRY(node(request)), text_of(request.payload.first(body.name_bytes))};
    const Place to{body.ino, text_of(request.payload.subspan(body.name_bytes))};
    VEXFS_TRY_VOID(volume_.rename(from, to, VEXFS_TRY(rename_mode_of(body.flags))));
    return size_t{0};
}

Result<size_t> Dispatch::link(const WireRequest& request) {
    const auto body = VEXFS_TRY(body_of<vexfs_req_link>(request));
    VEXFS_TRY_VOID(check_node(body.ino, body.generation));
    const std::string_view name = VEXFS_TRY(name_of(request, body.name_bytes));
    return reply_entry(request, VEXFS_TRY(volume_.link(body.ino, VEXFS_TRY(node(request)), name)));
}

// Inodes are made as they are needed: there is no number of them to run out of, so none is told.
Result<size_t> Dispatch::statfs(const WireRequest& request) {
    const StoreUsage space = volume_.usage();
    vexfs_rep_statfs reply{};
    reply.blocks = space.capacity_blocks;
    reply.blocks_free = space.capacity_blocks - space.used_blocks;
    reply.blocks_available = space.available_blocks;
    std::memcpy(&reply.fsid, volume_.header().volume_id.data(), sizeof reply.fsid);
    reply.block_bytes = kBlockBytes;
    reply.name_bytes = VEXFS_MAX_NAME;
    return reply_with(request, reply);
}

// One log makes everything durable at once.
Result<size_t> Dispatch::sync(const WireRequest&) {
    VEXFS_TRY_VOID(volume_.sync());
    return size_t{0};
}

} // namespace vexfs
