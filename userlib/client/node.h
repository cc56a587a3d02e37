// SPDX-License-Identifier: Apache-2.0
//
// A directory or a file that is open for messages.
//
// Threads: any thread sends messages.
#pragma once

#include "userlib/client/session.h"

struct vexfs_node {
    struct channel channel;
    bool is_directory;
    uint64_t ino;
    struct session_pool sessions;
};

// Sends the message and fetches the reply, by ioctl or, if one of the two is too large, by a
// session. `room`: what the reply takes at least, as far as it is known. Free reply->bytes after a
// success.
int exchange(struct vexfs_node* node, struct message* message, uint64_t room, struct reply* reply,
             struct vexfs_reason* reason);

// Which file an operation means, as the struct of the ABI; NULL: the node itself. `name_bytes` of
// the name go into a piece of their own. EINVAL: both a name and a number, or a name too long.
int choose_file(const struct vexfs_which* which, struct vexfs_file* file,
                struct vexfs_reason* reason);
