// SPDX-License-Identifier: Apache-2.0
//
// The verbs of a view, but for opening.
#include <algorithm>

#include <fcntl.h>

#include "userlib/frontend/local/local_image.h"
#include "userlib/frontend/wire/dispatch/stat_of.h"

namespace vexfs {

namespace {

constexpr std::string_view kUserXattrs = "user.";

Bytes bytes_of(std::string_view text) {
    return std::as_bytes(std::span(text.data(), text.size()));
}

Status check_offset(off_t offset) {
    return offset >= 0 ? ok() : Status(fail(Code::kEINVAL, "local: a negative offset"));
}

} // namespace

// The reply is copied only as far as it goes, as the kernel does it.
Result<size_t> LocalView::ioctl(int handle, uint32_t number, MutableBytes argument,
                                int32_t& status) {
    const auto file = VEXFS_TRY(image_->get(handle));
    const auto room = std::make_unique_for_overwrite<std::byte[]>(argument.size());
    const vexfs_req_ioctl body{number, static_cast<uint32_t>(argument.size()), file->mode(), 0};
    LocalRequest request(engine(), caller_, VEXFS_REQ_IOCTL, file->ino());
    request.set_handle(file->handle());
    const WireReply reply = request.run(body, argument, {room.get(), argument.size()});
    std::memcpy(argument.data(), room.get(), reply.bytes);
    status = reply.result;
    return reply.bytes;
}

Result<size_t> LocalView::read(int handle, MutableBytes into, off_t offset) {
    const auto file = VEXFS_TRY(image_->get(handle));
    VEXFS_TRY_VOID(check_offset(offset));
    if ((file->mode() & VEXFS_FILE_READ) == 0)
        return fail(Code::kEBADF, "local: not open for reading");
    if (file->node().is_directory())
        return fail(Code::kEISDIR, "local: a directory");
    into = into.first(std::min<size_t>(into.size(), VEXFS_MAX_MESSAGE));
    const vexfs_req_io body{static_cast<uint64_t>(offset), static_cast<uint32_t>(into.size()), 0};
    LocalRequest request(engine(), caller_,
                         file->is_session() ? VEXFS_REQ_SESSION_READ : VEXFS_REQ_READ, file->ino());
    request.set_handle(file->handle());
    return request.call(body, {}, into);
}

Result<size_t> LocalView::write(int handle, Bytes from, off_t offset) {
    const auto file = VEXFS_TRY(image_->get(handle));
    VEXFS_TRY_VOID(check_offset(offset));
    if ((file->mode() & VEXFS_FILE_WRITE) == 0)
        return fail(Code::kEBADF, "local: not open for writing");
    from = from.first(std::min<size_t>(from.size(), VEXFS_MAX_MESSAGE));
    const uint32_t flags = file->appends() ? VEXFS_IO_APPEND : 0;
    const vexfs_req_io body{
        static_cast<uint64_t>(offset), static_cast<uint32_t>(from.size()),
        file->is_session() ? 0 : flags | (caller_.privileged() ? 0 : VEXFS_IO_KILL_PRIV)};
    LocalRequest request(engine(), caller_,
                         file->is_session() ? VEXFS_REQ_SESSION_WRITE : VEXFS_REQ_WRITE,
                         file->ino());
    request.set_handle(file->handle());
    return static_cast<size_t>(VEXFS_TRY(request.fetch<vexfs_rep_write>(body, from)).bytes);
}

Status LocalView::truncate(int handle, off_t size) {
    const auto file = VEXFS_TRY(image_->get(handle));
    VEXFS_TRY_VOID(check_offset(size));
    if ((file->mode() & VEXFS_FILE_WRITE) == 0)
        return fail(Code::kEINVAL, "local: not open for writing");
    if (file->is_session()) {
        LocalRequest request(engine(), caller_, VEXFS_REQ_SESSION_TRUNCATE, file->ino());
        request.set_handle(file->handle());
        VEXFS_TRY(request.call_bodyless({}));
        return ok();
    }
    vexfs_req_setattr body{};
    body.valid = VEXFS_SET_SIZE;
    body.size = static_cast<uint64_t>(size);
    return tree().set(file->node(), body);
}

Status LocalView::sync(int handle) {
    const auto file = VEXFS_TRY(image_->get(handle));
    LocalRequest request(engine(), caller_, VEXFS_REQ_FSYNC, file->ino());
    VEXFS_TRY(request.call(vexfs_req_fsync{}, {}, {}));
    return ok();
}

Result<struct stat> LocalView::stat(int handle) {
    const auto file = VEXFS_TRY(image_->get(handle));
    return stat_of(VEXFS_TRY(tree().node_of(file->ino())).attr());
}

Result<size_t> LocalView::list(int handle, uint64_t cursor, std::span<vexfs_local_name> names) {
    const auto file = VEXFS_TRY(image_->get(handle));
    if (!file->node().is_directory())
        return fail(Code::kENOTDIR, "local: not a directory");
    constexpr size_t kLargest = sizeof(vexfs_dirent) + 256;
    std::vector<std::byte> room(names.size() * kLargest);
    const vexfs_req_readdir body{cursor, static_cast<uint32_t>(room.size()), 0};
    LocalRequest request(engine(), caller_, VEXFS_REQ_READDIR, file->ino());
    const size_t bytes = VEXFS_TRY(request.call(body, {}, room));
    size_t count = 0;
    for (size_t at = 0; at < bytes && count < names.size(); ++count) {
        vexfs_dirent entry;
        std::memcpy(&entry, room.data() + at, sizeof entry);
        vexfs_local_name& name = names[count];
        name = {entry.ino, entry.next, entry.type, {}};
        std::memcpy(name.name, room.data() + at + sizeof entry, entry.name_bytes);
        at += sizeof entry + VEXFS_PAD8(size_t{entry.name_bytes});
    }
    return count;
}

Result<struct stat> LocalView::stat(std::string_view path) {
    return stat_of(VEXFS_TRY(tree().get(0, path, LocalTree::LastLink::kKeep)).attr());
}

Status LocalView::make(uint32_t op, int at, std::string_view path, mode_t mode, dev_t device,
                       std::string_view target) {
    VEXFS_TRY(tree().make(op, path, VEXFS_TRY(begin_of(at)), mode, device, target));
    return ok();
}

Result<std::string> LocalView::read_link(std::string_view path) {
    const LocalNode node = VEXFS_TRY(tree().get(0, path, LocalTree::LastLink::kKeep));
    if (!node.is_link())
        return fail(Code::kEINVAL, "local: not a symbolic link");
    return tree().target_of(node);
}

Status LocalView::link(std::string_view path, std::string_view other) {
    return tree().link(path, other);
}

Status LocalView::remove(uint32_t op, std::string_view path) {
    return tree().remove(op, path);
}

Status LocalView::rename(std::string_view path, std::string_view other) {
    return tree().rename(path, other);
}

Status LocalView::set_mode(std::string_view path, mode_t mode) {
    const LocalNode node = VEXFS_TRY(tree().get(0, path, LocalTree::LastLink::kFollow));
    VEXFS_TRY_VOID(tree().check_owner(node));
    vexfs_req_setattr body{};
    body.valid = VEXFS_SET_MODE;
    body.mode = (node.attr().mode & S_IFMT) | (mode & 07777);
    if (!caller_.privileged() && !caller_.in_group(node.attr().gid))
        body.mode &= ~static_cast<uint32_t>(S_ISGID);
    return tree().set(node, body);
}

// A user gives a file of his to groups of his; anything else is root's.
Status LocalView::set_owner(std::string_view path, uid_t uid, gid_t gid) {
    const LocalNode node = VEXFS_TRY(tree().get(0, path, LocalTree::LastLink::kFollow));
    VEXFS_TRY_VOID(tree().check_owner(node));
    vexfs_req_setattr body{};
    if (uid != static_cast<uid_t>(-1)) {
        body.valid |= VEXFS_SET_UID;
        body.uid = uid;
    }
    if (gid != static_cast<gid_t>(-1)) {
        body.valid |= VEXFS_SET_GID;
        body.gid = gid;
    }
    const bool gives_away = (body.valid & VEXFS_SET_UID) != 0 && uid != node.attr().uid;
    const bool foreign_group = (body.valid & VEXFS_SET_GID) != 0 && !caller_.in_group(gid);
    if (!caller_.privileged() && (gives_away || foreign_group))
        return fail(Code::kEPERM, "local: only root gives files away");
    body.valid |= node.is_directory() ? 0 : VEXFS_SET_KILL_PRIV;
    return tree().set(node, body);
}

Result<LocalNode> LocalView::node_of_xattr(std::string_view path, std::string_view name,
                                           uint32_t rights) {
    if (!name.starts_with(kUserXattrs))
        return fail(Code::kEOPNOTSUPP, "local: only attributes of users");
    LocalNode node = VEXFS_TRY(tree().get(0, path, LocalTree::LastLink::kFollow));
    VEXFS_TRY_VOID(tree().check(rights, node));
    return node;
}

Status LocalView::set_xattr(std::string_view path, std::string_view name, Bytes value, int flags) {
    const LocalNode node = VEXFS_TRY(node_of_xattr(path, name, kMayWrite));
    const vexfs_req_xattr body{static_cast<uint32_t>(name.size()),
                               static_cast<uint32_t>(value.size()), static_cast<uint32_t>(flags),
                               0};
    std::vector<std::byte> payload(bytes_of(name).begin(), bytes_of(name).end());
    payload.insert(payload.end(), value.begin(), value.end());
    LocalRequest request(engine(), caller_, VEXFS_REQ_SETXATTR, node.ino());
    VEXFS_TRY(request.call(body, payload, {}));
    return ok();
}

Result<size_t> LocalView::get_xattr(std::string_view path, std::string_view name,
                                    MutableBytes value) {
    const LocalNode node = VEXFS_TRY(node_of_xattr(path, name, kMayRead));
    std::vector<std::byte> room(sizeof(vexfs_rep_xattr) + value.size());
    const vexfs_req_xattr body{static_cast<uint32_t>(name.size()),
                               static_cast<uint32_t>(value.size()), 0, 0};
    LocalRequest request(engine(), caller_, VEXFS_REQ_GETXATTR, node.ino());
    VEXFS_TRY(request.call(body, bytes_of(name), room));
    vexfs_rep_xattr head;
    std::memcpy(&head, room.data(), sizeof head);
    if (!value.empty())
        std::memcpy(value.data(), room.data() + sizeof head, head.bytes);
    return size_t{head.bytes};
}

Status LocalView::remove_xattr(std::string_view path, std::string_view name) {
    const LocalNode node = VEXFS_TRY(node_of_xattr(path, name, kMayWrite));
    const vexfs_req_xattr body{static_cast<uint32_t>(name.size()), 0, 0, 0};
    LocalRequest request(engine(), caller_, VEXFS_REQ_REMOVEXATTR, node.ino());
    VEXFS_TRY(request.call(body, bytes_of(name), {}));
    return ok();
}

} // namespace vexfs
