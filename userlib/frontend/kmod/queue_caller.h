// SPDX-License-Identifier: Apache-2.0
//
// Who waits for a request of the queue: its user and groups from the request, its signals from the
// slot.
//
// Threads: that of the request.
#pragma once

#include <functional>
#include <span>

#include "userlib/frontend/kmod/request_queue.h"
#include "userlib/frontend/wire/dispatch/wire_caller.h"

namespace vexfs {

// Tells the module that the times of a node have changed without a request on it. Any thread.
using TimesChanged = std::function<void(uint64_t ino)>;

class QueueCaller final : public WireCaller {
  public:
    // All outlive it. `groups` counts if the request says that it carries them.
    QueueCaller(const Taken& taken, const SharedQueue& shared, std::span<const uint32_t> groups,
                const TimesChanged& changed)
        : taken_(taken), shared_(shared), groups_(groups), changed_(changed) {}

    Result<Caller> identity() override {
        Caller caller{taken_.request.uid, taken_.request.gid};
        if (caller.privileged())
            return caller;
        if ((taken_.request.flags & VEXFS_REQUEST_GROUPS) == 0)
            return fail(Code::kEACCES, "the groups of the caller are not known");
        caller.groups.assign(groups_.begin(), groups_.end());
        return caller;
    }
    const uint8_t* cancelled() override { return shared_.cancelled(taken_.slot); }
    void times_changed(uint64_t ino) override { changed_(ino); }

  private:
    const Taken& taken_;
    const SharedQueue& shared_;
    const std::span<const uint32_t> groups_;
    const TimesChanged& changed_;
};

} // namespace vexfs
