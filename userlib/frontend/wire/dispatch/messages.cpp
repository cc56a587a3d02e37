// SPDX-License-Identifier: Apache-2.0
//
// What all ops share, and those that are about the volume as a whole.
#include "userlib/frontend/wire/dispatch/messages.h"

#include <algorithm>
#include <variant>

#include "base/guard.h"

namespace vexfs {

namespace {

constexpr uint32_t kChanging = 0x80; // ops from here on change state

} // namespace

MessageDone Messages::run(Message& message, std::optional<uint32_t> ioctl_op) {
    const Result<size_t> bytes =
        guard(fail(Code::kEIO, "an exception"), [&] { return answer(message, ioctl_op); });
    if (bytes)
        return {0, *bytes};
    Error error = bytes.error();
    if (error.code == Code::kECANCELED && message.is_cancelled())
        error = fail(Code::kEINTR, "a signal cancelled it");
    return {-error.errno_value(), message.refuse(error)};
}

Result<size_t> Messages::answer(Message& message, std::optional<uint32_t> ioctl_op) {
    const bool changing = ioctl_op.value_or(message.op()) >= kChanging;
    if (changing && volume_.read_only())
        return fail(Code::kEROFS, "the volume is read-only");
    const Request request = VEXFS_TRY(parse_request(message.bytes(), message.fault(), ioctl_op));
    if (changing && message.origin().is_call && !message.opened_for(VEXFS_FILE_WRITE))
        return fail(Code::kEBADF, "the session is not open for writing");
    return std::visit([&](const auto& one) { return perform(message, one); }, request);
}

Result<size_t> Messages::perform(Message& message, const HelloRequest&) {
    VEXFS_TRY_VOID(message.check_readable());
    HelloReply reply;
    vexfs_hello_reply& body = reply.body;
    body.abi_min = VEXFS_ABI_VERSION;
    body.abi_max = VEXFS_ABI_VERSION;
    body.front_end = front_end_;
    body.features = VEXFS_FEATURE_ROWS | VEXFS_FEATURE_FILTER | VEXFS_FEATURE_SESSION |
                    VEXFS_FEATURE_PART | VEXFS_FEATURE_JOB | VEXFS_FEATURE_XATTR |
                    VEXFS_FEATURE_SIMILAR | VEXFS_FEATURE_POOLS | VEXFS_FEATURE_VERIFY;
    body.flags = volume_.read_only() ? VEXFS_HELLO_READ_ONLY : 0;
    body.engine_epoch = volume_.epoch();
    std::copy(volume_.header().volume_id.begin(), volume_.header().volume_id.end(), body.volume);
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
    body.max_staged = volume_.staged().user_bytes_max();
    return message.reply(Reply(reply));
}

Result<size_t> Messages::perform(Message& message, const SyncRequest& request) {
    VEXFS_TRY_VOID(volume_.sync());
    if ((request.head.flags & VEXFS_SYNC_LINK) != 0)
        VEXFS_TRY_VOID(volume_.wait_linked({message.cancelled()}));
    return message.reply(Reply(SyncReply()));
}

} // namespace vexfs
