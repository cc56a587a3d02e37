// SPDX-License-Identifier: Apache-2.0
//
// The ops of vexfs_ioctl.h, carried out on a volume: the same for an ioctl and for a session.
//
// Every reply, and every refusal with its explanation, is written into the room of the message.
//
// Threads: any thread runs any message.
#pragma once

#include <optional>

#include "userlib/engine/volume.h"
#include "userlib/frontend/wire/dispatch/message.h"

namespace vexfs {

struct MessageDone {
    int32_t status = 0; // 0 or -errno
    size_t bytes = 0;   // of the reply; 0: there is none
};

class Messages {
  public:
    // `front_end` is a VEXFS_FRONT_END_*. The volume outlives it.
    Messages(Volume& volume, uint32_t front_end) : volume_(volume), front_end_(front_end) {}

    // `ioctl_op`: the op that an ioctl's number says, which must be the message's.
    MessageDone run(Message& message, std::optional<uint32_t> ioctl_op);

  private:
    Result<size_t> answer(Message& message, std::optional<uint32_t> ioctl_op);

    Result<size_t> perform(Message& message, const HelloRequest& request);
    Result<size_t> perform(Message& message, const SyncRequest& request);
    // schemas.cpp
    Result<size_t> perform(Message& message, const SchemaGetRequest& request);
    Result<size_t> perform(Message& message, const SchemaSetRequest& request);
    // rows.cpp
    Result<size_t> perform(Message& message, const PutRequest& request);
    Result<size_t> perform(Message& message, const GetRequest& request);
    Result<size_t> perform(Message& message, const DropRequest& request);
    Result<size_t> perform(Message& message, const StatRequest& request);
    // searches.cpp
    Result<size_t> perform(Message& message, const SearchRequest& request);
    Result<size_t> perform(Message& message, const ExplainRequest& request);
    Result<size_t> perform(Message& message, const PathRequest& request);
    // parts.cpp
    Result<size_t> perform(Message& message, const PartPutRequest& request);
    Result<size_t> perform(Message& message, const PartGetRequest& request);
    // jobs.cpp
    Result<size_t> perform(Message& message, const JobRequest& request);
    Result<size_t> perform(Message& message, const JobListRequest& request);

    Volume& volume_;
    const uint32_t front_end_;
};

} // namespace vexfs
