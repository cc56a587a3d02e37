// SPDX-License-Identifier: Apache-2.0
#include "userlib/frontend/kmod/replay.h"

#include <array>
#include <optional>

#include <linux/fs.h>
#include <sys/stat.h>
#include <sys/xattr.h>

namespace vexfs {

namespace {

constexpr WireReply kUnknown{-ENOTCONN, 0};
constexpr uint32_t kChangingIoctl = 0x80; // from this number on

template <typename Body>
std::optional<Body> body_of(const WireRequest& request) {
    Body body;
    if (request.body.size() != sizeof body)
        return std::nullopt;
    std::memcpy(&body, request.body.data(), sizeof body);
    return body;
}

// Questions to the wire about what is there.
class State {
  public:
    State(Dispatch& dispatch, const vexfs_request& header) : dispatch_(dispatch), header_(header) {
        header_.flags = 0;
    }

    // The node of that name in the request's directory, held; ino 0 if there is none.
    vexfs_rep_entry find(Bytes name) {
        const vexfs_req_name body{static_cast<uint32_t>(name.size()), 0};
        vexfs_rep_entry entry{};
        const WireReply reply = ask(VEXFS_REQ_LOOKUP, header_.ino, header_.generation,
                                    bytes_of(body), name, out(entry));
        return reply.result == 0 ? entry : vexfs_rep_entry{};
    }
    void forget(const vexfs_attr& node) {
        const vexfs_req_forget body{1, 0};
        const vexfs_node back{node.ino, node.generation, 0, 1};
        ask(VEXFS_REQ_FORGET, 0, 0, bytes_of(body), bytes_of(back), {});
    }

    bool has_target(const vexfs_attr& node, Bytes target) {
        std::array<std::byte, 4096> found{};
        const WireReply reply = ask(VEXFS_REQ_READLINK, node.ino, node.generation, {}, {}, found);
        return reply.result == 0 && reply.bytes == target.size() &&
               std::memcmp(found.data(), target.data(), target.size()) == 0;
    }
    bool is_without_xattrs(const vexfs_attr& node) {
        const vexfs_req_xattr body{};
        vexfs_rep_xattr size{};
        return ask(VEXFS_REQ_LISTXATTR, node.ino, node.generation, bytes_of(body), {}, out(size))
                       .result == 0 &&
               size.bytes == 0;
    }
    // Whether the directory has no entry but "." and "..".
    bool is_empty(const vexfs_attr& directory) {
        std::array<std::byte, 1024> list{};
        const vexfs_req_readdir body{0, sizeof list, 0};
        const WireReply reply =
            ask(VEXFS_REQ_READDIR, directory.ino, directory.generation, bytes_of(body), {}, list);
        size_t entries = 0;
        for (size_t at = 0; at + sizeof(vexfs_dirent) <= reply.bytes; ++entries) {
            vexfs_dirent entry;
            std::memcpy(&entry, list.data() + at, sizeof entry);
            at += sizeof entry + round_up<size_t>(entry.name_bytes, 8);
        }
        return reply.result == 0 && entries <= 2;
    }
    bool has_value(Bytes name, Bytes value) {
        std::array<std::byte, sizeof(vexfs_rep_xattr) + 65'536> found{};
        const vexfs_req_xattr body{static_cast<uint32_t>(name.size()), 65'536, 0, 0};
        const WireReply reply =
            ask(VEXFS_REQ_GETXATTR, header_.ino, header_.generation, bytes_of(body), name, found);
        return reply.result == 0 && reply.bytes == sizeof(vexfs_rep_xattr) + value.size() &&
               std::memcmp(found.data() + sizeof(vexfs_rep_xattr), value.data(), value.size()) == 0;
    }
    vexfs_rep_open open(const vexfs_attr& node) {
        const vexfs_req_open body{};
        vexfs_rep_open opened{};
        ask(VEXFS_REQ_OPEN, node.ino, node.generation, bytes_of(body), {}, out(opened));
        return opened;
    }

  private:
    template <typename Body>
    static MutableBytes out(Body& body) {
        return std::as_writable_bytes(std::span(&body, 1));
    }
    WireReply ask(uint32_t op, uint64_t ino, uint32_t generation, Bytes body, Bytes payload,
                  MutableBytes room) {
        WireRequest request;
        request.header = header_;
        request.header.op = op;
        request.header.ino = ino;
        request.header.generation = generation;
        request.body = body;
        request.payload = payload;
        request.out = room;
        return dispatch_.run(request);
    }

    Dispatch& dispatch_;
    vexfs_request header_;
};

uint32_t type_made_by(uint32_t op, uint32_t mode) {
    switch (op) {
    case VEXFS_REQ_MKDIR:
        return S_IFDIR;
    case VEXFS_REQ_SYMLINK:
        return S_IFLNK;
    case VEXFS_REQ_MKNOD:
        return (mode & S_IFMT) == 0 ? S_IFREG : mode & S_IFMT;
    default:
        return S_IFREG;
    }
}

// Whether the node is as the request would have left it: then nobody can tell the difference.
bool is_as_made(State& state, const vexfs_attr& node, const vexfs_req_make& made, uint32_t op,
                Bytes target) {
    constexpr uint32_t kPermissions = 07777;
    const uint32_t type = type_made_by(op, made.mode);
    if ((node.mode & S_IFMT) != type || node.uid != made.uid || node.gid != made.gid ||
        !state.is_without_xattrs(node))
        return false;
    if (type == S_IFLNK)
        return state.has_target(node, target);
    if ((node.mode & kPermissions) != (made.mode & kPermissions))
        return false;
    if (type == S_IFDIR)
        return node.nlink == 2 && state.is_empty(node);
    if (type == S_IFCHR || type == S_IFBLK)
        return node.rdev_major == made.rdev_major && node.rdev_minor == made.rdev_minor;
    return node.nlink == 1 && node.size == 0;
}

template <typename Body>
WireReply reply_with(const WireRequest& request, const Body& body) {
    if (request.out.size() < sizeof body)
        return {-EMSGSIZE, 0};
    std::memcpy(request.out.data(), &body, sizeof body);
    return {0, sizeof body};
}

WireReply make(Dispatch& dispatch, const WireRequest& request) {
    const WireReply reply = dispatch.run(request);
    if (reply.result != -EEXIST)
        return reply;
    // It is well-formed, or it would not have come as far as EEXIST.
    const auto made = body_of<vexfs_req_make>(request);
    State state(dispatch, request.header);
    const Bytes target = request.payload.subspan(made->name_bytes);
    const vexfs_rep_entry found = state.find(request.payload.first(made->name_bytes));
    const uint32_t op = request.header.op;
    if (found.attr.ino != 0 && is_as_made(state, found.attr, *made, op, target))
        return op == VEXFS_REQ_CREATE
                   ? reply_with(request, vexfs_rep_create{found, state.open(found.attr)})
                   : reply_with(request, found);
    state.forget(found.attr);
    return reply;
}

WireReply link(Dispatch& dispatch, const WireRequest& request) {
    const WireReply reply = dispatch.run(request);
    if (reply.result != -EEXIST)
        return reply;
    const auto linked = body_of<vexfs_req_link>(request);
    State state(dispatch, request.header);
    const vexfs_rep_entry found = state.find(request.payload.first(linked->name_bytes));
    if (found.attr.ino == linked->ino)
        return reply_with(request, found);
    state.forget(found.attr);
    return reply;
}

// A name that is gone: the file may have moved, or the name may be of a file that is lost.
WireReply rename(Dispatch& dispatch, const WireRequest& request) {
    const auto body = body_of<vexfs_req_rename>(request);
    if (body && (body->flags & RENAME_EXCHANGE) != 0)
        return kUnknown;
    const WireReply reply = dispatch.run(request);
    return reply.result == -ENOENT ? kUnknown : reply;
}

WireReply set_xattr(Dispatch& dispatch, const WireRequest& request) {
    const WireReply reply = dispatch.run(request);
    if (reply.result != -EEXIST)
        return reply;
    const auto body = body_of<vexfs_req_xattr>(request);
    State state(dispatch, request.header);
    return state.has_value(request.payload.first(body->name_bytes),
                           request.payload.subspan(body->name_bytes))
               ? WireReply{0, 0}
               : reply;
}

// What it takes away is not there: that is how it is to be.
WireReply remove(Dispatch& dispatch, const WireRequest& request, int32_t absent) {
    const WireReply reply = dispatch.run(request);
    return reply.result == absent ? WireReply{0, 0} : reply;
}

WireReply write(Dispatch& dispatch, const WireRequest& request) {
    const auto body = body_of<vexfs_req_io>(request);
    return body && (body->flags & VEXFS_IO_APPEND) != 0 ? kUnknown : dispatch.run(request);
}

WireReply ioctl(Dispatch& dispatch, const WireRequest& request) {
    const auto body = body_of<vexfs_req_ioctl>(request);
    return body && _IOC_NR(body->cmd) >= kChangingIoctl ? kUnknown : dispatch.run(request);
}

} // namespace

WireReply run_replayed(Dispatch& dispatch, const WireRequest& request) {
    switch (request.header.op) {
    case VEXFS_REQ_SYMLINK:
    case VEXFS_REQ_MKNOD:
    case VEXFS_REQ_MKDIR:
    case VEXFS_REQ_CREATE:
        return make(dispatch, request);
    case VEXFS_REQ_LINK:
        return link(dispatch, request);
    case VEXFS_REQ_RENAME:
        return rename(dispatch, request);
    case VEXFS_REQ_UNLINK:
    case VEXFS_REQ_RMDIR:
        return remove(dispatch, request, -ENOENT);
    case VEXFS_REQ_SETXATTR:
        return set_xattr(dispatch, request);
    case VEXFS_REQ_REMOVEXATTR:
        return remove(dispatch, request, -ENODATA);
    case VEXFS_REQ_WRITE:
        return write(dispatch, request);
    case VEXFS_REQ_IOCTL:
        return ioctl(dispatch, request);
    default: // reads; changes to values that the request states; a file without a name, which
             // does not outlive its engine
        return dispatch.run(request);
    }
}

} // namespace vexfs
