// SPDX-License-Identifier: Apache-2.0
#include "userlib/frontend/wire/codec/frame.h"

#include <algorithm>

namespace vexfs {
namespace {

vexfs_msg header_of(Bytes buffer) {
    vexfs_msg msg;
    std::memcpy(&msg, buffer.data(), sizeof msg);
    return msg;
}

bool all_zero(Bytes bytes) {
    return std::all_of(bytes.begin(), bytes.end(), [](std::byte b) { return b == std::byte{0}; });
}

// In 64 bits no count of a body overflows: the largest is 2^32 records of less than 2^32 bytes.
uint64_t padded(uint64_t bytes) {
    return (bytes + 7) & ~uint64_t{7};
}

} // namespace

bool header_readable(Bytes buffer) {
    if (buffer.size() < sizeof(vexfs_msg))
        return false;
    const vexfs_msg msg = header_of(buffer);
    return msg.size >= sizeof msg && msg.size <= buffer.size() && msg.room >= VEXFS_ROOM_MIN;
}

Result<Frame> parse_frame(Bytes buffer, Fault& fault) {
    VEXFS_ASSERT(buffer.size() >= sizeof(vexfs_msg));
    const vexfs_msg msg = header_of(buffer);
    if (msg.size < sizeof msg || msg.size > buffer.size() || msg.size > VEXFS_MAX_MESSAGE)
        return fault.at(offsetof(vexfs_msg, size), Code::kEINVAL, "size is not that of a message");
    if (msg.room < VEXFS_ROOM_MIN || msg.room > VEXFS_MAX_MESSAGE)
        return fault.at(offsetof(vexfs_msg, room), Code::kEINVAL,
                        "room is under 256 bytes or over 64 MiB");
    if (msg.version != VEXFS_ABI_VERSION)
        return fault.at(offsetof(vexfs_msg, version), Code::kEPROTO,
                        "version is outside the range that HELLO tells");
    return Frame{msg, buffer.first(msg.size)};
}

Status check_header(const Frame& frame, Fault& fault) {
    const vexfs_msg& msg = frame.msg;
    if (msg.zero != 0)
        return fault.at(offsetof(vexfs_msg, zero), Code::kEINVAL, "zero is not 0");
    if (msg.size % 8 != 0)
        return fault.at(offsetof(vexfs_msg, size), Code::kEINVAL, "size is not a multiple of 8");
    if (msg.body % 8 != 0 || msg.body > msg.size - sizeof msg)
        return fault.at(offsetof(vexfs_msg, body), Code::kEINVAL,
                        "body is not a multiple of 8, or longer than the message");
    return ok();
}

Status read_body(const Frame& frame, std::byte* body, size_t known_bytes, Fault& fault) {
    const Bytes given = frame.body();
    const size_t common = std::min(given.size(), known_bytes);
    if (common > 0)
        std::memcpy(body, given.data(), common);
    if (known_bytes > common)
        std::memset(body + common, 0, known_bytes - common);
    if (!all_zero(given.subspan(common)))
        return fault.at(sizeof(vexfs_msg) + common, Code::kE2BIG,
                        "the body has fields that this version does not know");
    return ok();
}

Status PieceReader::bytes(Bytes& piece, uint64_t count) {
    const uint64_t left = message_.size() - position_;
    if (count > left || padded(count) > left)
        return fault_.at(offsetof(vexfs_msg, size), Code::kEINVAL,
                         "the message is shorter than its counts say");
    piece = message_.subspan(position_, count);
    const Bytes padding = message_.subspan(position_ + count, padded(count) - count);
    if (!all_zero(padding))
        return fault_.at(position_ + count, Code::kEINVAL, "padding is not zero");
    position_ += padded(count);
    return ok();
}

Status PieceReader::text(std::string_view& piece, uint64_t count) {
    Bytes raw;
    VEXFS_TRY_VOID(bytes(raw, count));
    piece = {reinterpret_cast<const char*>(raw.data()), raw.size()};
    return ok();
}

Status PieceReader::end() {
    if (position_ != message_.size())
        return fault_.at(position_, Code::kEINVAL, "the message is longer than its counts say");
    return ok();
}

Status PieceCounter::bytes(const Bytes& piece, uint64_t count) {
    if (piece.size() != count)
        return fail(Code::kEINVAL, "a piece has another size than the body's counts say");
    total_ += padded(count);
    return ok();
}

Status PieceCounter::text(const std::string_view& piece, uint64_t count) {
    return bytes(std::as_bytes(std::span(piece)), count);
}

Status PieceWriter::bytes(const Bytes& piece, uint64_t count) {
    const size_t padding = padded(count) - count;
    if (buffer_.size() - position_ < count + padding)
        return fail(Code::kEMSGSIZE, "the message does not fit");
    if (count > 0)
        std::memcpy(buffer_.data() + position_, piece.data(), count);
    std::memset(buffer_.data() + position_ + count, 0, padding);
    position_ += count + padding;
    return ok();
}

Status PieceWriter::text(const std::string_view& piece, uint64_t count) {
    return bytes(std::as_bytes(std::span(piece)), count);
}

} // namespace vexfs
