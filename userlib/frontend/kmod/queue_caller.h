// SPDX-License-Identifier: Apache-2.0
//
// Who waits for a request of the queue: its user from the request, its groups as the module told
// them, its signals from the slot.
//
// Threads: that of the request.
#pragma once

#include <functional>

#include "userlib/frontend/kmod/caller_groups.h"
#include "userlib/frontend/kmod/request_queue.h"
#include "userlib/frontend/wire/dispatch/wire_caller.h"

namespace vexfs {

// Tells the module that the times of a node have changed without a request on it. Any thread.
using TimesChanged = std::function<void(uint64_t ino)>;

class QueueCaller final : public WireCaller {
  public:
    // All outlive it.
    QueueCaller(const Taken& taken, const SharedQueue& shared, CallerGroups& groups,
                const TimesChanged& changed)
        : taken_(taken), shared_(shared), groups_(groups), changed_(changed) {}

    Result<Caller> identity() override {
        Caller caller{taken_.request.uid, taken_.request.gid};
        if (!caller.privileged())
            caller.groups = VEXFS_TRY(groups_.find(taken_.request.cred));
        return caller;
    }
    const uint8_t* cancelled() override { return shared_.cancelled(taken_.slot); }
    void times_changed(uint64_t ino) override { changed_(ino); }

  private:
    const Taken& taken_;
    const SharedQueue& shared_;
    CallerGroups& groups_;
    const TimesChanged& changed_;
};

} // namespace vexfs
