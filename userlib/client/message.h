// SPDX-License-Identifier: Apache-2.0
//
// A message of the ABI, put together from its body and its pieces, and the reply to it, taken apart
// again. A reply is held to its own sizes: an engine's mistake is EPROTO here, not a wild read.
//
// Threads: values.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ioctl/vexfs_ioctl.h"
#include "userlib/client/reason.h"

struct message {
    unsigned char* bytes; // begins with struct vexfs_msg
    size_t size;          // of the whole message
    size_t filled;        // of it: what is there already
    size_t file_at;       // where the struct vexfs_file that may mean the fd itself lies; or 0
    bool repeatable;      // doing it twice is the same as doing it once
};

// Allocates a message of `body` and payload pieces of `payload` bytes in all, each padded. EMSGSIZE
// if no session takes it. The message is freed by message_end(), after failures too.
int message_begin(struct message* message, unsigned op, uint32_t flags, const void* body,
                  size_t body_bytes, uint64_t payload, struct vexfs_reason* reason);
// Appends a piece; the order and the sum are those that were announced. NULL: zeros. Where it lies.
unsigned char* message_piece(struct message* message, const void* piece, size_t bytes);
void message_end(struct message* message);

struct reply {
    unsigned char* bytes; // begins with struct vexfs_msg; free(3)
    size_t size;          // of the reply
    size_t taken;         // of it: what was handed out
};

// Holds a reply of a success to its header: EPROTO.
int reply_check(struct reply* reply, struct vexfs_reason* reason);
// The sentence of a failed reply in `room` bytes; NULL if there is none.
const char* reply_failure(const unsigned char* bytes, size_t room,
                          const struct vexfs_failure** failure);
// The body; what an older engine left out is 0.
void reply_body(struct reply* reply, void* body, size_t body_bytes);
// The next piece of the payload; NULL if the reply has not that many bytes. Call reply_body()
// first.
const unsigned char* reply_piece(struct reply* reply, uint64_t bytes);
int refuse_reply(struct vexfs_reason* reason);
