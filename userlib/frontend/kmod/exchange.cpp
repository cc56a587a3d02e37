// SPDX-License-Identifier: Apache-2.0
#include "userlib/frontend/kmod/exchange.h"

#include <algorithm>
#include <array>

#include "base/guard.h"
#include "userlib/frontend/kmod/replay.h"

namespace vexfs {

namespace {

// The bytes of an op's structs; a payload follows them.
struct Shape {
    size_t in = 0;
    size_t out = 0;
};

Shape shape_of(uint32_t op) {
    static constexpr std::array<Shape, VEXFS_REQ_SESSION_TRUNCATE + 1> kShapes = [] {
        std::array<Shape, VEXFS_REQ_SESSION_TRUNCATE + 1> table{};
        constexpr Shape kName{sizeof(vexfs_req_name), 0};
        constexpr Shape kMake{sizeof(vexfs_req_make), sizeof(vexfs_rep_entry)};
        constexpr Shape kCreate{sizeof(vexfs_req_make), sizeof(vexfs_rep_create)};
        constexpr Shape kOpen{sizeof(vexfs_req_open), sizeof(vexfs_rep_open)};
        constexpr Shape kRead{sizeof(vexfs_req_io), 0};
        constexpr Shape kWrite{sizeof(vexfs_req_io), sizeof(vexfs_rep_write)};
        constexpr Shape kSync{sizeof(vexfs_req_fsync), 0};
        constexpr Shape kList{sizeof(vexfs_req_readdir), 0};
        constexpr Shape kXattr{sizeof(vexfs_req_xattr), 0};
        constexpr Shape kValue{sizeof(vexfs_req_xattr), sizeof(vexfs_rep_xattr)};
        table[VEXFS_REQ_MOUNT] = {sizeof(vexfs_req_mount), sizeof(vexfs_rep_mount)};
        table[VEXFS_REQ_LOOKUP] = {sizeof(vexfs_req_name), sizeof(vexfs_rep_entry)};
        table[VEXFS_REQ_FORGET] = {sizeof(vexfs_req_forget), 0};
        table[VEXFS_REQ_GETATTR] = {0, sizeof(vexfs_rep_attr)};
        table[VEXFS_REQ_SETATTR] = {sizeof(vexfs_req_setattr), sizeof(vexfs_rep_attr)};
        table[VEXFS_REQ_SYMLINK] = kMake;
        table[VEXFS_REQ_MKNOD] = kMake;
        table[VEXFS_REQ_MKDIR] = kMake;
        table[VEXFS_REQ_CREATE] = kCreate;
        table[VEXFS_REQ_TMPFILE] = kCreate;
        table[VEXFS_REQ_UNLINK] = kName;
        table[VEXFS_REQ_RMDIR] = kName;
        table[VEXFS_REQ_RENAME] = {sizeof(vexfs_req_rename), 0};
        table[VEXFS_REQ_LINK] = {sizeof(vexfs_req_link), sizeof(vexfs_rep_entry)};
        table[VEXFS_REQ_OPEN] = kOpen;
        table[VEXFS_REQ_READ] = kRead;
        table[VEXFS_REQ_WRITE] = kWrite;
        table[VEXFS_REQ_FSYNC] = kSync;
        table[VEXFS_REQ_OPENDIR] = kOpen;
        table[VEXFS_REQ_READDIR] = kList;
        table[VEXFS_REQ_READDIRPLUS] = kList;
        table[VEXFS_REQ_FSYNCDIR] = kSync;
        table[VEXFS_REQ_STATFS] = {0, sizeof(vexfs_rep_statfs)};
        table[VEXFS_REQ_SETXATTR] = kXattr;
        table[VEXFS_REQ_GETXATTR] = kValue;
        table[VEXFS_REQ_LISTXATTR] = kValue;
        table[VEXFS_REQ_REMOVEXATTR] = kXattr;
        table[VEXFS_REQ_FALLOCATE] = {sizeof(vexfs_req_fallocate), 0};
        table[VEXFS_REQ_COPY_RANGE] = {sizeof(vexfs_req_copy), sizeof(vexfs_rep_write)};
        table[VEXFS_REQ_LSEEK] = {sizeof(vexfs_req_lseek), sizeof(vexfs_rep_lseek)};
        table[VEXFS_REQ_IOCTL] = {sizeof(vexfs_req_ioctl), 0};
        table[VEXFS_REQ_SESSION_WRITE] = kWrite;
        table[VEXFS_REQ_SESSION_READ] = kRead;
        return table;
    }();
    return op < kShapes.size() ? kShapes[op] : Shape();
}

constexpr uint32_t kGroupsMax = 65'536; // as Linux has it

// Data is passed on as it lies there: to copy it would cost more than to write it.
bool is_data(uint32_t op) {
    return op == VEXFS_REQ_WRITE || op == VEXFS_REQ_SESSION_WRITE;
}

} // namespace

// Takes the groups of the caller off the payload, which they end.
Status Exchange::take_groups(const vexfs_request& header, Bytes& payload) {
    const size_t bytes = size_t{header.groups} * sizeof(uint32_t);
    const bool given = (header.flags & VEXFS_REQUEST_GROUPS) != 0;
    if ((!given && bytes > 0) || header.groups > kGroupsMax || bytes > payload.size())
        return fail(Code::kEINVAL, "queue: the groups are not where the request has room for them");
    groups_.resize(header.groups);
    if (bytes > 0)
        std::memcpy(groups_.data(), payload.last(bytes).data(), bytes);
    payload = payload.first(payload.size() - bytes);
    return ok();
}

Status Exchange::read_in(const Taken& taken, WireRequest& request) {
    const vexfs_request& header = taken.request;
    const size_t head_bytes = std::min<size_t>(shape_of(header.op).in, header.in_bytes);
    size_t payload_bytes = header.in_bytes - head_bytes;
    const Bytes area = shared_.in_area(taken.slot);
    const bool apart = (header.flags & VEXFS_REQUEST_IN_ARENA) != 0;
    if (payload_bytes > VEXFS_QUEUE_MAX_DATA ||
        (apart ? head_bytes : header.in_bytes) > area.size())
        return fail(Code::kEINVAL, "queue: a request is larger than its place");
    Bytes payload = area.subspan(head_bytes, apart ? 0 : payload_bytes);
    if (apart)
        payload = VEXFS_TRY(shared_.arena(header.in_block, payload_bytes));
    VEXFS_TRY_VOID(take_groups(header, payload));
    payload_bytes = payload.size();
    const size_t copied = head_bytes + (is_data(header.op) ? 0 : payload_bytes);
    in_.resize(std::max(in_.size(), copied));
    if (head_bytes > 0)
        std::memcpy(in_.data(), area.data(), head_bytes);
    request.body = Bytes(in_).first(head_bytes);
    request.payload = payload;
    if (is_data(header.op))
        return ok();
    if (!payload.empty())
        std::memcpy(in_.data() + head_bytes, payload.data(), payload_bytes);
    request.payload = Bytes(in_).subspan(head_bytes, payload_bytes);
    return ok();
}

Result<Exchange::Room> Exchange::room_of(const Taken& taken) {
    const vexfs_request& header = taken.request;
    const MutableBytes area = shared_.out_area(taken.slot);
    Room room;
    if ((header.flags & VEXFS_REQUEST_OUT_ARENA) == 0) {
        if (header.out_room > area.size())
            return fail(Code::kEINVAL, "queue: the room for a reply is larger than its place");
        room.whole = area.first(header.out_room);
        return room;
    }
    const size_t head_bytes = std::min<size_t>(shape_of(header.op).out, header.out_room);
    const size_t payload_bytes = header.out_room - head_bytes;
    if (payload_bytes > VEXFS_QUEUE_MAX_DATA)
        return fail(Code::kEINVAL, "queue: the room for a reply is larger than its place");
    room.payload = VEXFS_TRY(shared_.arena(header.out_block, payload_bytes));
    room.whole = room.payload;
    if (head_bytes == 0)
        return room;
    room.head = area.first(head_bytes);
    out_.resize(std::max<size_t>(out_.size(), header.out_room));
    room.whole = MutableBytes(out_).first(header.out_room);
    return room;
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
    const Room room = VEXFS_TRY(room_of(taken));
    request.out = room.whole;
    WireReply reply = serve(taken, request);
    VEXFS_ASSERT(reply.bytes <= room.whole.size());
    if (reply.result < -VEXFS_QUEUE_MAX_ERRNO || reply.result > 0)
        reply.result = -EIO;
    if (reply.result != 0 && taken.request.op != VEXFS_REQ_IOCTL)
        reply.bytes = 0;
    if (room.head.empty() || reply.bytes == 0)
        return reply;
    const Bytes written = room.whole.first(reply.bytes);
    const size_t head_bytes = std::min(room.head.size(), written.size());
    std::memcpy(room.head.data(), written.data(), head_bytes);
    if (written.size() > head_bytes)
        std::memcpy(room.payload.data(), written.data() + head_bytes, written.size() - head_bytes);
    return reply;
}

WireReply Exchange::run(const Taken& taken) {
    const auto reply =
        guard(fail(Code::kEIO, "queue: an exception"), [&] { return carry_out(taken); });
    return reply ? *reply : WireReply{-reply.error().errno_value(), 0};
}

} // namespace vexfs
