// SPDX-License-Identifier: Apache-2.0
//
// The frame that all messages share: header, body, payload pieces.
//
// Knows the 32-byte header, how bodies of other lengths are read, and how pieces follow each other;
// knows no op. The bytes may be anything: nothing outside them is read, and no count is trusted
// before it is bounded.
//
// Threads: values and pure functions.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "ioctl/vexfs_ioctl.h"

namespace vexfs {

// What a failure tells besides its code. Filled when a parser fails.
struct Fault {
    uint32_t offset = 0; // of the byte of the message that is at fault; 0 if it is not a single one
    uint64_t needed = 0; // EMSGSIZE: the room that the reply needs

    Error at(size_t where, Code code, const char* what) {
        offset = static_cast<uint32_t>(where);
        return fail(code, what);
    }
};

// The offset of a body's field in the message.
#define VEXFS_BODY_OFFSET(body_struct, field)                                                      \
    (sizeof(struct vexfs_msg) + offsetof(struct body_struct, field))

// What a caller says about a message besides its op.
struct Head {
    uint32_t room = 0;
    uint32_t flags = 0;
    uint64_t cookie = 0;
};

// Records of a payload, read one by one: the buffer need not be aligned.
template <typename T>
class Records {
    static_assert(std::is_trivially_copyable_v<T>);

  public:
    Records() = default;
    explicit Records(Bytes bytes) : bytes_(bytes) { VEXFS_ASSERT(bytes.size() % sizeof(T) == 0); }
    explicit Records(std::span<const T> records) : bytes_(std::as_bytes(records)) {}

    [[nodiscard]] size_t size() const { return bytes_.size() / sizeof(T); }
    [[nodiscard]] Bytes bytes() const { return bytes_; }
    T operator[](size_t i) const {
        VEXFS_ASSERT(i < size());
        T record;
        std::memcpy(&record, bytes_.data() + i * sizeof(T), sizeof record);
        return record;
    }

  private:
    Bytes bytes_;
};

// Where one message lies in a buffer. Offsets count from the message's start.
struct Frame {
    vexfs_msg msg;
    Bytes message; // msg.size bytes

    [[nodiscard]] Bytes body() const { return message.subspan(sizeof(vexfs_msg), msg.body); }
    [[nodiscard]] size_t payload_offset() const { return sizeof(vexfs_msg) + msg.body; }
};

// True if the buffer begins with a header that can be answered: size within the buffer, room enough
// for a failure. Where it is false there is no reply, only EINVAL.
bool header_readable(Bytes buffer);

// The frame of a message whose header is readable. What makes a message unfit to be looked at is
// refused here (sizes: EINVAL, version: EPROTO); check_header has the rest, after the op is known.
// The order is that of ioctl/README.md.
Result<Frame> parse_frame(Bytes buffer, Fault& fault);

// What holds for the header of every message and every reply: zeros, and a body within the message.
// EINVAL.
Status check_header(const Frame& frame, Fault& fault);

// Copies a body into `known_bytes` bytes at `body`: a shorter one is zero-extended, a longer one is
// E2BIG unless its tail is zero.
Status read_body(const Frame& frame, std::byte* body, size_t known_bytes, Fault& fault);

// Takes the pieces of a payload in order.
// Threads: one thread.
class PieceReader {
  public:
    PieceReader(const Frame& frame, Fault& fault)
        : message_(frame.message), position_(frame.payload_offset()), fault_(fault) {}

    Status bytes(Bytes& piece, uint64_t count);
    Status text(std::string_view& piece, uint64_t count);
    template <typename T>
    Status records(Records<T>& piece, uint64_t count) {
        Bytes raw;
        VEXFS_TRY_VOID(bytes(raw, count * sizeof(T)));
        piece = Records<T>(raw);
        return ok();
    }
    // Nothing may be left.
    Status end();

  private:
    Bytes message_;
    size_t position_;
    Fault& fault_;
};

// Adds up what a message will take.
// Threads: one thread.
class PieceCounter {
  public:
    explicit PieceCounter(size_t body_bytes) : total_(sizeof(vexfs_msg) + body_bytes) {}

    Status bytes(const Bytes& piece, uint64_t count);
    Status text(const std::string_view& piece, uint64_t count);
    template <typename T>
    Status records(const Records<T>& piece, uint64_t count) {
        return bytes(piece.bytes(), count * sizeof(T));
    }
    [[nodiscard]] uint64_t total() const { return total_; }

  private:
    uint64_t total_;
};

// Writes pieces, padded with zeros, into a buffer that PieceCounter found large enough.
// Threads: one thread.
class PieceWriter {
  public:
    PieceWriter(MutableBytes buffer, size_t position) : buffer_(buffer), position_(position) {}

    Status bytes(const Bytes& piece, uint64_t count);
    Status text(const std::string_view& piece, uint64_t count);
    template <typename T>
    Status records(const Records<T>& piece, uint64_t count) {
        return bytes(piece.bytes(), count * sizeof(T));
    }

  private:
    MutableBytes buffer_;
    size_t position_;
};

} // namespace vexfs
