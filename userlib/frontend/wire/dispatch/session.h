// SPDX-License-Identifier: Apache-2.0
//
// A session: one open of `.vexfs/call`, by which messages go that are longer than an ioctl.
//
// Writes stage the bytes of a message in any pieces and order. The first read carries it out, once,
// and keeps the reply; later reads are slices of it. The first write after that begins a new
// message. Rights are those of whoever opened it, at that time; signals are those of the reader.
//
// Threads: any; one lock, which is not held while a message is carried out.
#pragma once

#include "userlib/frontend/wire/dispatch/messages.h"
#include "userlib/frontend/wire/dispatch/staging.h"

namespace vexfs {

class Session {
  public:
    // `directory`: the one whose `.vexfs` it is. `mode`: VEXFS_FILE_*.
    Session(Messages& messages, StagedMemory& memory, uint64_t directory, uint32_t mode,
            Caller opener);

    // EBUSY while a message is carried out; EFBIG, ENOMEM.
    Status write(uint64_t offset, Bytes piece);
    // Drops what is staged, and a reply. EBUSY.
    Status truncate();
    // How many bytes there were. EINVAL while the message is incomplete. EINTR if the reader got a
    // signal: a message that was cancelled by it is still staged. `reader` may be null.
    Result<size_t> read(uint64_t offset, MutableBytes out, WireCaller* reader);
    // As a read of no bytes. How large the reply is.
    Result<size_t> execute(WireCaller* reader);

    [[nodiscard]] vexfs_part_put_reply progress();

  private:
    enum class State : uint8_t { kStaging, kRunning, kDone };

    Status finish(WireCaller* reader) VEXFS_REQUIRES(mutex_);
    Result<MessageDone> carry_out(Bytes bytes, WireCaller* reader);

    Messages& messages_;
    const uint64_t directory_;
    const uint32_t mode_;
    const Caller opener_;
    Mutex mutex_;
    CondVar changed_;
    State state_ VEXFS_GUARDED_BY(mutex_) = State::kStaging;
    // While a message is carried out it and the reply belong to the thread that does.
    Staging staging_;
    KeptReply reply_;
};

} // namespace vexfs
