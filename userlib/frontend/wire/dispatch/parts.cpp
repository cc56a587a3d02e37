// SPDX-License-Identifier: Apache-2.0
//
// PART_PUT and PART_GET: a session in pieces of an ioctl.
#include "userlib/frontend/wire/dispatch/session.h"

namespace vexfs {

namespace {

Error wants_session() {
    return fail(Code::kENOTTY, "PART_PUT and PART_GET go to a session, and not through one");
}

} // namespace

Result<size_t> Messages::perform(Message& message, const PartPutRequest& request) {
    Session* const session = message.origin().session;
    if (session == nullptr)
        return wants_session();
    if ((request.head.flags & VEXFS_PART_FIRST) != 0)
        VEXFS_TRY_VOID(session->truncate());
    VEXFS_TRY_VOID(session->write(request.body.offset, request.part));
    PartPutReply reply;
    reply.body = session->progress();
    return message.reply(Reply(reply));
}

Result<size_t> Messages::perform(Message& message, const PartGetRequest& request) {
    Session* const session = message.origin().session;
    if (session == nullptr)
        return wants_session();
    const uint64_t part_bytes = round_up<uint64_t>(request.body.bytes, 8);
    VEXFS_TRY_VOID(message.reserve(sizeof(vexfs_msg) + sizeof(vexfs_part_get_reply) + part_bytes));
    std::vector<std::byte> part(request.body.bytes);
    WireCaller* const reader = message.origin().caller;
    PartGetReply reply;
    reply.body.size = static_cast<uint32_t>(VEXFS_TRY(session->execute(reader)));
    const size_t bytes = VEXFS_TRY(session->read(request.body.offset, part, reader));
    reply.body.bytes = static_cast<uint32_t>(bytes);
    reply.part = Bytes(part).first(bytes);
    return message.reply(Reply(reply));
}

} // namespace vexfs
