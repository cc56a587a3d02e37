// SPDX-License-Identifier: Apache-2.0
//
// A request that the module sends again, because the engine that had it ended before it answered.
//
// What the former engine did of it may have come through or be lost, so a change is carried out by
// what it is to leave behind: if that is there already it is done, and if the state cannot tell
// then nothing is changed and the answer is ENOTCONN, as without a recovery. The caller has held
// the locks of the nodes all the time, so nobody else can have changed what the request names.
//
// Threads: as Dispatch.
#pragma once

#include "userlib/frontend/wire/dispatch/dispatch.h"

namespace vexfs {

WireReply run_replayed(Dispatch& dispatch, const WireRequest& request);

} // namespace vexfs
