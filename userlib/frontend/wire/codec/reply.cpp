// SPDX-License-Identifier: Apache-2.0
#include "userlib/frontend/wire/codec/reply.h"

#include <algorithm>

namespace vexfs {
namespace {

size_t count_nuls(std::string_view text) {
    return static_cast<size_t>(std::count(text.begin(), text.end(), '\0'));
}

// `count` strings that each end with NUL.
bool is_strings(std::string_view text, size_t count) {
    return count_nuls(text) == count && (text.empty() || text.back() == '\0');
}

template <typename T>
uint64_t bytes_of_reply(const T& reply) {
    PieceCounter counter(kBodyBytes<typename T::Body>);
    const Status counted = T::pieces(reply, counter);
    VEXFS_ASSERT(counted.has_value());
    return counter.total();
}

vexfs_msg header_for(const vexfs_msg& asked, uint64_t size, size_t body, int status) {
    vexfs_msg msg{};
    msg.size = static_cast<uint32_t>(size);
    msg.room = asked.room;
    msg.op = asked.op;
    msg.version = asked.version;
    msg.body = static_cast<uint16_t>(body);
    msg.status = status;
    msg.cookie = asked.cookie;
    return msg;
}

template <typename T>
void write(const T& reply, const vexfs_msg& msg, MutableBytes buffer) {
    std::memcpy(buffer.data(), &msg, sizeof msg);
    std::memcpy(buffer.data() + sizeof msg, &reply.body, msg.body);
    PieceWriter writer(buffer, sizeof msg + msg.body);
    const Status written = T::pieces(reply, writer);
    VEXFS_ASSERT(written.has_value());
}

size_t write_failure(const FailureReply& failure, const vexfs_msg& asked, MutableBytes buffer) {
    const uint64_t size = bytes_of_reply(failure);
    VEXFS_ASSERT(size <= VEXFS_ROOM_MIN && buffer.size() >= VEXFS_ROOM_MIN);
    write(failure, header_for(asked, size, sizeof failure.body, -static_cast<int>(failure.code)),
          buffer);
    return size;
}

template <typename T>
size_t build_as(const T& reply, const vexfs_msg& asked, MutableBytes buffer) {
    VEXFS_ASSERT(reply.check().has_value());
    if constexpr (std::is_same_v<T, FailureReply>) {
        return write_failure(reply, asked, buffer);
    } else {
        VEXFS_ASSERT(asked.op == T::kOp);
        const uint64_t size = bytes_of_reply(reply);
        if (size <= std::min<uint64_t>(asked.room, buffer.size())) {
            write(reply, header_for(asked, size, kBodyBytes<typename T::Body>, 0), buffer);
            return size;
        }
        constexpr std::string_view kText("the reply does not fit in the room given\0", 41);
        FailureReply failure;
        failure.code = Code::kEMSGSIZE;
        failure.body = {size, offsetof(vexfs_msg, room), kText.size()};
        failure.text = kText;
        return write_failure(failure, asked, buffer);
    }
}

// Unlike a request's, a reply's body may be longer: what a later engine tells besides is not needed
// to understand it.
template <typename T>
Result<Reply> parse_as(const Frame& frame) {
    T reply;
    Fault fault;
    constexpr size_t kKnown = kBodyBytes<typename T::Body>;
    const Bytes given = frame.body();
    if (kKnown > 0)
        std::memcpy(static_cast<void*>(&reply.body), given.data(), std::min(kKnown, given.size()));
    PieceReader reader(frame, fault);
    if (!T::pieces(reply, reader) || !reader.end())
        return fail(Code::kEBADMSG, "reply: its size is not what its counts say");
    if constexpr (std::is_same_v<T, FailureReply>)
        reply.code = code_from_errno(-frame.msg.status);
    VEXFS_TRY_VOID(reply.check());
    return Reply(reply);
}

template <size_t I = 1>
Result<Reply> parse_op(const Frame& frame) {
    if constexpr (I < std::variant_size_v<Reply>) {
        using T = std::variant_alternative_t<I, Reply>;
        if (frame.msg.op == T::kOp)
            return parse_as<T>(frame);
        return parse_op<I + 1>(frame);
    } else {
        return fail(Code::kEBADMSG, "reply: to an op that is unknown");
    }
}

} // namespace

size_t build_reply(const Reply& reply, const vexfs_msg& asked, MutableBytes buffer) {
    return std::visit([&](const auto& one) { return build_as(one, asked, buffer); }, reply);
}

size_t build_failure(const Error& error, const Fault& fault, std::string_view text,
                     const vexfs_msg& asked, MutableBytes buffer) {
    std::array<char, VEXFS_MAX_FAILURE_TEXT> copy{};
    const size_t length = std::min(text.size(), copy.size() - 1);
    std::copy_n(text.data(), length, copy.data());
    // A NUL inside would end the text early for every reader.
    std::replace(copy.data(), copy.data() + length, '\0', '?');
    FailureReply failure;
    failure.code = error.code;
    failure.body = {fault.needed, fault.offset, static_cast<uint32_t>(length + 1)};
    failure.text = {copy.data(), length + 1};
    return write_failure(failure, asked, buffer);
}

uint64_t reply_bytes(const Reply& reply) {
    return std::visit([](const auto& one) { return bytes_of_reply(one); }, reply);
}

Result<Reply> parse_reply(Bytes buffer) {
    if (!header_readable(buffer))
        return fail(Code::kEBADMSG, "reply: no header");
    Fault fault;
    const Frame frame = VEXFS_TRY(parse_frame(buffer, fault));
    VEXFS_TRY_VOID(check_header(frame, fault));
    if (frame.msg.flags != 0)
        return fail(Code::kEBADMSG, "reply: flags are not 0");
    if (frame.msg.status > 0 || frame.msg.status < -511)
        return fail(Code::kEBADMSG, "reply: status is no errno");
    if (frame.msg.status < 0)
        return parse_as<FailureReply>(frame);
    return parse_op(frame);
}

Status FailureReply::check() const {
    if (text.empty() || text.size() > VEXFS_MAX_FAILURE_TEXT || !is_strings(text, 1))
        return fail(Code::kEBADMSG, "failure: its text is not one string");
    return ok();
}

Status PutReply::check() const {
    uint32_t failed = 0;
    for (size_t i = 0; i < files.size(); ++i)
        failed += files[i].status != 0 ? 1 : 0;
    if (failed != body.failed)
        return fail(Code::kEBADMSG, "put: failed is not the number of failed files");
    return ok();
}

Status GetReply::check() const {
    if ((body.flags & ~uint32_t{VEXFS_GET_VECTORS | VEXFS_GET_ROWS}) != 0)
        return fail(Code::kEBADMSG, "get: a piece that is unknown");
    if (body.rows > 0 &&
        (body.dim > VEXFS_MAX_DIM || vexfs_vector_bytes(body.element, body.dim) == 0))
        return fail(Code::kEBADMSG, "get: rows of an impossible shape");
    return ok();
}

Status SearchReply::check() const {
    uint64_t found = 0;
    for (size_t i = 0; i < answers.size(); ++i)
        found += answers[i].found;
    if (found != body.hits)
        return fail(Code::kEBADMSG, "search: hits is not the sum over the queries");
    if (body.path_bytes != 0 && !is_strings(paths, body.hits))
        return fail(Code::kEBADMSG, "search: not one path a hit");
    return ok();
}

Status PathReply::check() const {
    if (!is_strings(paths, body.inos))
        return fail(Code::kEBADMSG, "path: not one path an inode number");
    return ok();
}

Status PartGetReply::check() const {
    if (body.bytes > body.size)
        return fail(Code::kEBADMSG, "part: more bytes than the reply has");
    return ok();
}

} // namespace vexfs
