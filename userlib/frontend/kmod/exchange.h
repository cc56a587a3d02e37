// SPDX-License-Identifier: Apache-2.0
//
// One request of the queue, handed to the wire, and its reply put where the module looks for it.
//
// Sizes are checked here, what the bytes mean by Dispatch. All but the data of a write
// is copied before it is looked at, so that nothing changes between a check and its use.
//
// Threads: one thread each; it keeps the memory that requests need.
#pragma once

#include <vector>

#include "userlib/frontend/kmod/queue_caller.h"
#include "userlib/frontend/wire/dispatch/dispatch.h"

namespace vexfs {

class Exchange {
  public:
    // All outlive it.
    Exchange(const SharedQueue& shared, Dispatch& dispatch, const TimesChanged& changed)
        : shared_(shared), dispatch_(dispatch), changed_(changed) {}

    // What to answer: `bytes` is never more than the room that the request gives.
    WireReply run(const Taken& taken);

  private:
    Result<WireReply> carry_out(const Taken& taken);
    Status read_in(const Taken& taken, WireRequest& request);
    WireReply serve(const Taken& taken, WireRequest request);
    Status take_groups(const vexfs_request& header, Bytes& payload);

    const SharedQueue& shared_;
    Dispatch& dispatch_;
    const TimesChanged& changed_;
    std::vector<uint32_t> groups_; // of the caller
    std::vector<std::byte> in_;
};

} // namespace vexfs
