// SPDX-License-Identifier: Apache-2.0
#include "userlib/frontend/kmod/exchange.h"

#include <algorithm>
#include <array>

#include "base/guard.h"
#include "userlib/frontend/kmod/replay.h"

namespace vexfs {

namespace {

// The bytes of an op's struct; a payload follows it.
size_t head_bytes_of(uint32_t op) {
    static constexpr std::array<size_t, VEXFS_REQ_SESSION_TRUNCATE + 1> kBytes = [] {
        std::array<size_t, VEXFS_REQ_SESSION_TRUNCATE + 1> table{};
        table[VEXFS_REQ_MOUNT] = sizeof(vexfs_req_mount);
        table[VEXFS_REQ_LOOKUP] = sizeof(vexfs_req_name);
        table[VEXFS_REQ_FORGET] = sizeof(vexfs_req_forget);
        table[VEXFS_REQ_SETATTR] = sizeof(vexfs_req_setattr);
        table[VEXFS_REQ_SYMLINK] = sizeof(vexfs_req_make);
        table[VEXFS_REQ_MKNOD] = sizeof(vexfs_req_make);
        table[VEXFS_REQ_MKDIR] = sizeof(vexfs_req_make);
        table[VEXFS_REQ_CREATE] = sizeof(vexfs_req_make);
        table[VEXFS_REQ_TMPFILE] = sizeof(vexfs_req_make);
        table[VEXFS_REQ_UNLINK] = sizeof(vexfs_req_name);
        table[VEXFS_REQ_RMDIR] = sizeof(vexfs_req_name);
        table[VEXFS_REQ_RENAME] = sizeof(vexfs_req_rename);
        table[VEXFS_REQ_LINK] = sizeof(vexfs_req_link);
        table[VEXFS_REQ_OPEN] = sizeof(vexfs_req_open);
        table[VEXFS_REQ_READ] = sizeof(vexfs_req_io);
        table[VEXFS_REQ_WRITE] = sizeof(vexfs_req_io);
        table[VEXFS_REQ_FSYNC] = sizeof(vexfs_req_fsync);
        table[VEXFS_REQ_OPENDIR] = sizeof(vexfs_req_open);
        table[VEXFS_REQ_READDIR] = sizeof(vexfs_req_readdir);
        table[VEXFS_REQ_READDIRPLUS] = sizeof(vexfs_req_readdir);
        table[VEXFS_REQ_FSYNCDIR] = sizeof(vexfs_req_fsync);
        table[VEXFS_REQ_SETXATTR] = sizeof(vexfs_req_xattr);
        table[VEXFS_REQ_GETXATTR] = sizeof(vexfs_req_xattr);
        table[VEXFS_REQ_LISTXATTR] = sizeof(vexfs_req_xattr);
        table[VEXFS_REQ_REMOVEXATTR] = sizeof(vexfs_req_xattr);
        table[VEXFS_REQ_FALLOCATE] = sizeof(vexfs_req_fallocate);
        table[VEXFS_REQ_COPY_RANGE] = sizeof(vexfs_req_copy);
        table[VEXFS_REQ_LSEEK] = sizeof(vexfs_req_lseek);
        table[VEXFS_REQ_IOCTL] = sizeof(vexfs_req_ioctl);
        table[VEXFS_REQ_SESSION_WRITE] = sizeof(vexfs_req_io);
        table[VEXFS_REQ_SESSION_READ] = sizeof(vexfs_req_io);
        return table;
    }();
    return op < kBytes.size() ? kBytes[op] : 0;
}

// Data is passed on as it lies there: to copy it would cost more than to write it.
bool is_data(uint32_t op) {
    return op == VEXFS_REQ_WRITE || op == VEXFS_REQ_SESSION_WRITE;
}

} // namespace

// Takes the groups of the caller off the payload, which they end.
Status Exchange::take_groups(const vexfs_request& header, Bytes& payload) {
    const size_t bytes = size_t{header.groups} * sizeof(uint32_t);
    const bool given = (header.flags & VEXFS_REQUEST_GROUPS) != 0;
    if ((!given && bytes > 0) || bytes > payload.size())
        return fail(Code::kEINVAL, "queue: the groups are not where the request has room for them");
    groups_.resize(header.groups);
    if (bytes > 0)
        std::memcpy(groups_.data(), payload.last(bytes).data(), bytes);
    payload = payload.first(payload.size() - bytes);
    return ok();
}

Status Exchange::read_in(const Taken& taken, WireRequest& request) {
    const vexfs_request& header = taken.request;
    const Bytes area = shared_.in_area(taken.slot);
    if (header.in_bytes > area.size())
        return fail(Code::kEINVAL, "queue: a request is larger than its place");
    const size_t head_bytes = std::min<size_t>(head_bytes_of(header.op), header.in_bytes);
    Bytes payload = area.subspan(head_bytes, header.in_bytes - head_bytes);
    VEXFS_TRY_VOID(take_groups(header, payload));
    const size_t copied = head_bytes + (is_data(header.op) ? 0 : payload.size());
    in_.resize(std::max(in_.size(), copied));
    if (head_bytes > 0)
        std::memcpy(in_.data(), area.data(), head_bytes);
    request.body = Bytes(in_).first(head_bytes);
    request.payload = payload;
    if (is_data(header.op))
        return ok();
    if (!payload.empty())
        std::memcpy(in_.data() + head_bytes, payload.data(), payload.size());
    request.payload = Bytes(in_).subspan(head_bytes, payload.size());
    return ok();
}

WireReply Exchange::serve(const Taken& taken, WireRequest request) {
    QueueCaller caller(taken, shared_, groups_, changed_);
    request.caller = &caller;
    if ((request.header.flags & VEXFS_REQUEST_REPLAY) != 0)
        return run_replayed(dispatch_, request);
    return dispatch_.run(request);
}

Result<WireReply> Exchange::carry_out(const Taken& taken) {
    WireRequest request;
    request.header = taken.request;
    VEXFS_TRY_VOID(read_in(taken, request));
    const MutableBytes area = shared_.out_area(taken.slot);
    if (taken.request.out_room > area.size())
        return fail(Code::kEINVAL, "queue: the room for a reply is larger than its place");
    request.out = area.first(taken.request.out_room);
    WireReply reply = serve(taken, request);
    VEXFS_ASSERT(reply.bytes <= taken.request.out_room);
    if (reply.result < -VEXFS_QUEUE_MAX_ERRNO || reply.result > 0)
        reply.result = -EIO;
    if (reply.result != 0 && taken.request.op != VEXFS_REQ_IOCTL)
        reply.bytes = 0;
    return reply;
}

WireReply Exchange::run(const Taken& taken) {
    const auto reply =
        guard(fail(Code::kEIO, "queue: an exception"), [&] { return carry_out(taken); });
    return reply ? *reply : WireReply{-reply.error().errno_value(), 0};
}

} // namespace vexfs
