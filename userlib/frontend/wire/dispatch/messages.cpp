// SPDX-License-Identifier: Apache-2.0
//
// Application messages (vexfs_ioctl.h) that come by ioctl.
//
// What an op would need and this engine does not offer is EOPNOTSUPP, as its feature bits say.
#include <algorithm>
#include <variant>

#include "base/guard.h"
#include "userlib/frontend/wire/codec/reply.h"
#include "userlib/frontend/wire/dispatch/pieces.h"

namespace vexfs {

namespace {

constexpr uint32_t kChanging = 0x80; // ops from here on change state

// A message and where its reply goes.
struct Message {
    uint32_t op = 0; // as the ioctl number has it
    uint32_t bytes = 0;
    uint32_t mode = 0; // VEXFS_FILE_*
    Bytes request;
};

HelloReply hello(const Volume& volume, uint32_t front_end) {
    HelloReply reply;
    vexfs_hello_reply& body = reply.body;
    body.abi_min = VEXFS_ABI_VERSION;
    body.abi_max = VEXFS_ABI_VERSION;
    body.front_end = front_end;
    body.features = 0;
    body.flags = volume.read_only() ? VEXFS_HELLO_READ_ONLY : 0;
    body.engine_epoch = volume.epoch();
    std::copy(volume.header().volume_id.begin(), volume.header().volume_id.end(), body.volume);
    constexpr std::string_view kVersion = VEXFS_VERSION;
    static_assert(kVersion.size() < sizeof body.engine);
    std::memcpy(body.engine, kVersion.data(), kVersion.size());
    body.max_ioctl = VEXFS_MAX_IOCTL;
    body.max_message = VEXFS_MAX_MESSAGE;
    body.max_dim = VEXFS_MAX_DIM;
    body.max_k = VEXFS_MAX_K;
    body.max_ef = VEXFS_MAX_EF;
    body.max_queries = VEXFS_MAX_QUERIES;
    body.max_hits = VEXFS_MAX_HITS;
    body.max_filter = VEXFS_MAX_FILTER;
    body.max_filter_depth = VEXFS_MAX_FILTER_DEPTH;
    body.max_files = VEXFS_MAX_FILES;
    return reply;
}

Result<Reply> answer(Volume& volume, uint32_t front_end, const Message& message, Fault& fault) {
    if (volume.read_only() && message.op >= kChanging)
        return fail(Code::kEROFS, "the volume is read-only");
    const Request request = VEXFS_TRY(parse_request(message.request, fault));
    vexfs_msg header;
    std::memcpy(&header, message.request.data(), sizeof header);
    VEXFS_TRY_VOID(check_ioctl(header, message.op, message.bytes, fault));
    if (std::holds_alternative<SyncRequest>(request)) {
        VEXFS_TRY_VOID(volume.sync());
        return Reply(SyncReply());
    }
    if (std::holds_alternative<HelloRequest>(request)) {
        if ((message.mode & VEXFS_FILE_READ) == 0)
            return fail(Code::kEBADF, "the descriptor is not open for reading");
        return Reply(hello(volume, front_end));
    }
    return fail(Code::kEOPNOTSUPP, "this engine does not offer the op: see HELLO, features");
}

} // namespace

WireReply Dispatch::ioctl(const WireRequest& request) {
    const auto refuse = [](Code code) {
        return WireReply{-static_cast<int32_t>(code), 0};
    };
    const Result<vexfs_req_ioctl> body = body_of<vexfs_req_ioctl>(request);
    if (!body)
        return refuse(body.error().code);
    if (_IOC_TYPE(body->cmd) != VEXFS_IOC_TYPE)
        return refuse(Code::kENOTTY);
    const Message message{_IOC_NR(body->cmd), body->bytes, body->mode, request.payload};
    if (body->bytes != request.payload.size() || !header_readable(message.request))
        return refuse(Code::kEINVAL);
    vexfs_msg header;
    std::memcpy(&header, message.request.data(), sizeof header);
    if (request.out.size() < VEXFS_ROOM_MIN)
        return refuse(Code::kEINVAL);
    header.room = std::min<uint32_t>(header.room, static_cast<uint32_t>(request.out.size()));
    Fault fault;
    const Result<Reply> reply = guard(fail(Code::kEIO, "an exception"),
                                      [&] { return answer(volume_, front_end_, message, fault); });
    if (!reply)
        return {-reply.error().errno_value(),
                build_failure(reply.error(), fault, reply.error().what, header, request.out)};
    const size_t bytes = build_reply(*reply, header, request.out);
    vexfs_msg built;
    std::memcpy(&built, request.out.data(), sizeof built);
    return {built.status, bytes};
}

} // namespace vexfs
