// SPDX-License-Identifier: Apache-2.0
//
// A session: DIR/.vexfs/call, the way of messages that no ioctl takes. Where it opens for reading
// only, as on a read-only mount, the same bytes go in pieces of an ioctl.
//
// Threads: one message at a time in a session; a pool hands each thread its own.
#pragma once

#include <pthread.h>

#include "userlib/client/channel.h"
#include "userlib/client/message.h"

struct session {
    struct channel channel;
    bool writable;
};

enum { kIdleSessions = 8 };

// Sessions of one directory that wait for their next message.
struct session_pool {
    pthread_mutex_t mutex;
    struct session idle[kIdleSessions];
    size_t count;
};

void pool_begin(struct session_pool* pool);
void pool_end(struct session_pool* pool);

// Sends the message by a session of the directory, a new one if none is idle. After a restart of
// the engine a repeatable message is sent once more. As call_ioctl().
int call_session(struct session_pool* pool, const struct channel* directory,
                 struct message* message, size_t room, struct reply* reply, uint64_t* needed,
                 struct vexfs_reason* reason);
