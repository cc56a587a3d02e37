// SPDX-License-Identifier: Apache-2.0
//
// Requests on `.vexfs/call`, whose open descriptors are sessions.
#include <fcntl.h>

#include "userlib/frontend/wire/dispatch/pieces.h"

namespace vexfs {

namespace {

uint32_t mode_of(uint32_t open_flags) {
    const uint32_t access = open_flags & O_ACCMODE;
    return (access != O_WRONLY ? VEXFS_FILE_READ : 0) | (access != O_RDONLY ? VEXFS_FILE_WRITE : 0);
}

} // namespace

Result<size_t> Dispatch::open_call(const WireRequest& request, uint32_t flags) {
    if ((flags & O_APPEND) != 0)
        return fail(Code::kEINVAL, "session: the pieces of a message have offsets: no O_APPEND");
    if (request.caller == nullptr)
        return fail(Code::kEACCES, "session: the rights of the caller cannot be known");
    VEXFS_TRY(volume_.get(request.header.ino));
    vexfs_rep_open reply{};
    reply.fh = VEXFS_TRY(sessions_.open(VirtualFiles::directory_of(request.header.ino),
                                        mode_of(flags), VEXFS_TRY(request.caller->identity())));
    reply.flags = VEXFS_OPEN_SESSION | VEXFS_OPEN_DIRECT;
    return reply_with(request, reply);
}

Result<std::shared_ptr<Session>> Dispatch::session_of(const WireRequest& request) {
    if (!VirtualFiles::is_call(VEXFS_TRY(node(request))))
        return fail(Code::kEINVAL, "request: the node is no session");
    return sessions_.get(request.header.fh);
}

Result<size_t> Dispatch::session_write(const WireRequest& request) {
    const auto body = VEXFS_TRY(body_of<vexfs_req_io>(request));
    if (body.bytes != request.payload.size())
        return fail(Code::kEINVAL, "request: the payload is not the data");
    VEXFS_TRY_VOID(VEXFS_TRY(session_of(request))->write(body.offset, request.payload));
    return reply_with(request,
                      vexfs_rep_write{body.bytes, body.offset, VEXFS_MAX_MESSAGE, uint64_t{0}});
}

Result<size_t> Dispatch::session_read(const WireRequest& request) {
    const auto body = VEXFS_TRY(body_of<vexfs_req_io>(request));
    if (body.bytes > request.out.size())
        return fail(Code::kEMSGSIZE, "request: no room for the data");
    const auto session = VEXFS_TRY(session_of(request));
    return session->read(body.offset, request.out.first(body.bytes), request.caller);
}

Result<size_t> Dispatch::session_truncate(const WireRequest& request) {
    VEXFS_TRY_VOID(VEXFS_TRY(session_of(request))->truncate());
    return size_t{0};
}

} // namespace vexfs
