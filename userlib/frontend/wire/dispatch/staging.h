// SPDX-License-Identifier: Apache-2.0
//
// The memory of a session: a message that comes in pieces, and the reply that is kept of it.
//
// All of it is counted for the session's user before it is allocated.
//
// Threads: one thread, or the session's lock.
#pragma once

#include <map>
#include <vector>

#include "userlib/engine/staged_memory.h"
#include "userlib/frontend/wire/dispatch/message.h"

namespace vexfs {

// Bytes that count against a user.
class CountedBytes {
  public:
    CountedBytes(StagedMemory& memory, uint32_t uid) : memory_(memory), uid_(uid) {}
    ~CountedBytes() { clear(); }
    CountedBytes(const CountedBytes&) = delete;
    CountedBytes& operator=(const CountedBytes&) = delete;

    // Makes it so large, the new bytes 0; if it moves for that, with room for `capacity`. ENOMEM
    // leaves it as it was.
    Status grow(size_t size, size_t capacity);
    void clear();

    [[nodiscard]] size_t size() const { return bytes_.size(); }
    [[nodiscard]] Bytes bytes() const { return bytes_; }
    [[nodiscard]] MutableBytes bytes() { return bytes_; }

  private:
    StagedMemory& memory_;
    const uint32_t uid_;
    std::vector<std::byte> bytes_;
    size_t counted_ = 0;
};

// A message in the making. Invariant: pieces_ are the bytes that were written, apart from each
// other.
class Staging {
  public:
    Staging(StagedMemory& memory, uint32_t uid) : memory_(memory), uid_(uid), bytes_(memory, uid) {}
    ~Staging() { clear(); }
    Staging(const Staging&) = delete;
    Staging& operator=(const Staging&) = delete;

    // EFBIG beyond 64 MiB, ENOMEM.
    Status put(uint64_t offset, Bytes piece);
    void clear();

    // msg.size of its header; 0 if that is not complete.
    [[nodiscard]] uint32_t message_bytes() const;
    // How many different bytes were written.
    [[nodiscard]] uint64_t staged_bytes() const { return staged_bytes_; }
    // The whole of it. EINVAL if a part is missing or the header cannot be answered.
    [[nodiscard]] Result<Bytes> message() const;

  private:
    [[nodiscard]] bool has(uint64_t end) const; // all bytes before it
    [[nodiscard]] size_t expected_bytes(uint64_t offset, Bytes piece) const;
    Status note(uint64_t begin, uint64_t end);

    StagedMemory& memory_;
    const uint32_t uid_;
    CountedBytes bytes_;
    std::map<uint64_t, uint64_t> pieces_; // begin -> end
    size_t pieces_counted_ = 0;
    uint64_t staged_bytes_ = 0;
};

// The reply of a session, as large as it needs to be.
class KeptReply : public ReplySpace {
  public:
    KeptReply(StagedMemory& memory, uint32_t uid) : bytes_(memory, uid) {}

    Result<MutableBytes> take(size_t bytes) override;
    void finish(size_t bytes) { used_ = bytes; }
    void clear();
    [[nodiscard]] Bytes bytes() const { return bytes_.bytes().first(used_); }

  private:
    CountedBytes bytes_;
    size_t used_ = 0;
};

} // namespace vexfs
