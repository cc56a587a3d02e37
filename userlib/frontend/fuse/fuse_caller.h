// SPDX-License-Identifier: Apache-2.0
//
// Who waits for a request of FUSE: its user from the request, its groups from the kernel's table of
// processes, its signals from libfuse.
//
// The caller sleeps in the call, so that its process cannot become another one meanwhile. A caller
// in another name space of processes has no number here, and so no groups.
//
// Threads: that of the request; a signal comes on another thread of libfuse, and only until the
// object is gone.
#pragma once

#include "userlib/frontend/fuse/fuse_calls.h"
#include "userlib/frontend/fuse/fuse_server.h"
#include "userlib/frontend/wire/dispatch/wire_caller.h"

namespace vexfs {

class FuseCaller : public WireCaller {
  public:
    // Must be gone before the request is answered: libfuse frees it then.
    FuseCaller(fuse_req_t req, FuseServer& server) : req_(req), server_(server) {}
    ~FuseCaller() override;
    FuseCaller(const FuseCaller&) = delete;
    FuseCaller& operator=(const FuseCaller&) = delete;

    Result<Caller> identity() override;
    const uint8_t* cancelled() override;
    void times_changed(uint64_t ino) override { server_.forget_attributes(ino); }

  private:
    const fuse_req_t req_;
    FuseServer& server_;
    bool watched_ = false;
    uint8_t cancelled_ = 0;
};

} // namespace vexfs
