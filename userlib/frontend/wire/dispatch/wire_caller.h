// SPDX-License-Identifier: Apache-2.0
//
// Who waits for a request, as far as the front end can tell. A front end implements it.
//
// What costs something to find out is asked for only where a request needs it.
//
// Threads: one object a request, used by the thread that runs the request.
#pragma once

#include "base/result.h"
#include "userlib/engine/access/caller.h"

namespace vexfs {

class WireCaller {
  public:
    virtual ~WireCaller() = default;

    // With all supplementary groups. EACCES if they cannot be known: nobody is taken for somebody
    // with fewer.
    virtual Result<Caller> identity() = 0;
    // A byte that is not 0 once the caller has a signal and is to be let go. Read with an atomic
    // load; it lives as long as this object.
    virtual const uint8_t* cancelled() = 0;
    // A message has changed the times of a node behind the kernel's back. Called before the reply.
    virtual void times_changed(uint64_t ino) = 0;
};

} // namespace vexfs
