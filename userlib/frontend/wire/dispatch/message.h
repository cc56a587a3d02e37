// SPDX-License-Identifier: Apache-2.0
//
// A message of an application that is being carried out: what it came with and where its reply
// goes. An op asks it for the caller's rights and hands it the reply.
//
// Threads: one thread a message.
#pragma once

#include <string>

#include "ioctl/vexfs_queue.h"
#include "userlib/frontend/wire/codec/reply.h"
#include "userlib/frontend/wire/dispatch/wire_caller.h"

namespace vexfs {

class Session;

// Where a message came from.
struct Origin {
    uint64_t node = 0;            // what the descriptor is open on; of `call` its directory
    uint32_t mode = 0;            // VEXFS_FILE_*: how it was opened
    WireCaller* caller = nullptr; // none: nobody whose rights could be known
    Session* session = nullptr;   // an ioctl on a session's descriptor
    bool is_call = false;         // the descriptor is one of `call`
};

// Where a reply goes: the caller's buffer, or memory of a session.
class ReplySpace {
  public:
    virtual ~ReplySpace() = default;
    // Room for a reply of so many bytes, at most what the message's header accepts. ENOMEM.
    virtual Result<MutableBytes> take(size_t bytes) = 0;
};

class Message {
  public:
    // `bytes` begins with a header that is readable. `room`: most bytes of the reply.
    Message(Bytes bytes, uint32_t room, const Origin& origin, ReplySpace& space);

    [[nodiscard]] Bytes bytes() const { return bytes_; }
    [[nodiscard]] uint32_t op() const { return header_.op; }
    [[nodiscard]] const Origin& origin() const { return origin_; }
    [[nodiscard]] uint64_t node() const { return origin_.node; }
    [[nodiscard]] bool opened_for(uint32_t mode) const { return (origin_.mode & mode) != 0; }
    [[nodiscard]] uint32_t room() const { return header_.room; } // of the reply, bytes
    // EBADF.
    [[nodiscard]] Status check_readable() const;
    // EACCES if it cannot be known.
    Result<Caller> caller();
    // The flag of WireCaller; a null pointer if nobody cancels.
    const uint8_t* cancelled();
    [[nodiscard]] bool is_cancelled();
    void times_changed(uint64_t ino);

    // Takes the room for a reply whose size is known before the op does anything. EMSGSIZE, ENOMEM.
    Status reserve(uint64_t reply_bytes);
    // Writes the reply and returns its bytes. EMSGSIZE, ENOMEM.
    Result<size_t> reply(const Reply& reply);
    // Writes the failure's reply. 0 if there is no memory even for that.
    size_t refuse(const Error& error);

    // What a failure will tell besides its code.
    Fault& fault() { return fault_; }
    void explain(std::string sentence) { explanation_ = std::move(sentence); }
    // The offset in the message of bytes that lie in it.
    [[nodiscard]] size_t offset_of(const void* byte) const;

  private:
    const Bytes bytes_;
    vexfs_msg header_{};
    const Origin origin_;
    ReplySpace& space_;
    MutableBytes taken_;
    const uint8_t* cancelled_ = nullptr;
    Fault fault_;
    std::string explanation_;
};

} // namespace vexfs
