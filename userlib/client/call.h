// SPDX-License-Identifier: Apache-2.0
//
// The two ways of a message: by one ioctl(2) if message and reply are small, else by a session.
//
// Threads: any thread calls on any descriptor.
#pragma once

#include "userlib/client/channel.h"
#include "userlib/client/message.h"

// By ioctl; `room` is that of the reply, which the caller frees after a success. EMSGSIZE: `needed`
// is what the reply takes.
int call_ioctl(const struct channel* channel, const struct message* message, size_t room,
               struct reply* reply, uint64_t* needed, struct vexfs_reason* reason);

// What a reply that came says: 0, or its failure.
int call_result(struct reply* reply, uint64_t* needed, struct vexfs_reason* reason);

// What a mount without a reply says: other file systems, and those whose engine is gone.
int refuse_silence(int error, struct vexfs_reason* reason);
