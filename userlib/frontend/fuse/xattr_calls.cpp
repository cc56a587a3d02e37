// SPDX-License-Identifier: Apache-2.0
//
// Calls on extended attributes.
#include <vector>

#include "userlib/frontend/fuse/fuse_call.h"

namespace vexfs {

namespace {

void setxattr(fuse_req_t req, fuse_ino_t node, const char* name, const char* value, size_t size,
              int flags) {
    guarded(req, [&] {
        Call call(req, VEXFS_REQ_SETXATTR, node);
        const vexfs_req_xattr body{length(name), static_cast<uint32_t>(size),
                                   static_cast<uint32_t>(flags), 0};
        std::string payload(name);
        payload.append(value, size);
        call.refuse(call.run(body, std::as_bytes(std::span(payload)), {}).result);
    });
}

// A value or a list, or how large it is.
void reply_xattr(fuse_req_t req, uint32_t op, fuse_ino_t node, const char* name, size_t size) {
    guarded(req, [&] {
        std::vector<std::byte> room(sizeof(vexfs_rep_xattr) + size);
        Call call(req, op, node);
        const vexfs_req_xattr body{length(name), static_cast<uint32_t>(size), 0, 0};
        const WireReply reply = call.run(body, bytes_of_name(name), room);
        if (!call.taken(reply))
            return;
        vexfs_rep_xattr head;
        std::memcpy(&head, room.data(), sizeof head);
        if (size == 0)
            fuse_reply_xattr(req, head.bytes);
        else
            fuse_reply_buf(req, reinterpret_cast<const char*>(room.data()) + sizeof head,
                           head.bytes);
    });
}
void getxattr(fuse_req_t req, fuse_ino_t node, const char* name, size_t size) {
    reply_xattr(req, VEXFS_REQ_GETXATTR, node, name, size);
}
void listxattr(fuse_req_t req, fuse_ino_t node, size_t size) {
    reply_xattr(req, VEXFS_REQ_LISTXATTR, node, "", size);
}

void removexattr(fuse_req_t req, fuse_ino_t node, const char* name) {
    guarded(req, [&] {
        Call call(req, VEXFS_REQ_REMOVEXATTR, node);
        const vexfs_req_xattr body{length(name), 0, 0, 0};
        call.refuse(call.run(body, bytes_of_name(name), {}).result);
    });
}

} // namespace

void add_xattr_calls(fuse_lowlevel_ops& calls) {
    calls.setxattr = setxattr;
    calls.getxattr = getxattr;
    calls.listxattr = listxattr;
    calls.removexattr = removexattr;
}

} // namespace vexfs
