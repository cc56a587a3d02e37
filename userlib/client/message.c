// SPDX-License-Identifier: Apache-2.0
#include "userlib/client/message.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int message_begin(struct message* message, unsigned op, uint32_t flags, const void* body,
                  size_t body_bytes, uint64_t payload, struct vexfs_reason* reason) {
    memset(message, 0, sizeof *message);
    const uint64_t size = sizeof(struct vexfs_msg) + body_bytes + payload;
    if (size > VEXFS_MAX_MESSAGE)
        return refuse(EMSGSIZE, reason, "a message of %llu bytes is over the limit of %d",
                      (unsigned long long)size, VEXFS_MAX_MESSAGE);
    message->bytes = malloc(size);
    if (message->bytes == NULL)
        return refuse_memory(reason);
    message->size = size;
    message->repeatable = op < 0x80;
    const struct vexfs_msg header = {.size = (__u32)size,
                                     .op = (__u16)op,
                                     .version = VEXFS_ABI_VERSION,
                                     .body = (__u16)body_bytes,
                                     .flags = flags};
    memcpy(message->bytes, &header, sizeof header);
    if (body_bytes > 0)
        memcpy(message->bytes + sizeof header, body, body_bytes);
    message->filled = sizeof header + body_bytes;
    return 0;
}

unsigned char* message_piece(struct message* message, const void* piece, size_t bytes) {
    unsigned char* const place = message->bytes + message->filled;
    memset(place, 0, VEXFS_PAD8(bytes));
    if (piece != NULL && bytes > 0)
        memcpy(place, piece, bytes);
    message->filled += VEXFS_PAD8(bytes);
    return place;
}

void message_end(struct message* message) {
    free(message->bytes);
    message->bytes = NULL;
}

const char* reply_failure(const unsigned char* bytes, size_t room,
                          const struct vexfs_failure** failure) {
    const struct vexfs_msg* const msg = (const struct vexfs_msg*)bytes;
    const struct vexfs_failure* const found = (const struct vexfs_failure*)(msg + 1);
    const size_t text = sizeof *msg + msg->body;
    if (msg->status == 0 || msg->size > room || msg->body < sizeof *found || found->text == 0 ||
        text + found->text > msg->size || bytes[text + found->text - 1] != '\0')
        return NULL;
    *failure = found;
    return (const char*)bytes + text;
}

int refuse_reply(struct vexfs_reason* reason) {
    return refuse(EPROTO, reason, "the engine's reply is not what the contract says");
}

int reply_check(struct reply* reply, struct vexfs_reason* reason) {
    const struct vexfs_msg* const msg = (const struct vexfs_msg*)reply->bytes;
    if (msg->size > reply->size || msg->size < sizeof *msg || msg->body > msg->size - sizeof *msg ||
        msg->body % 8 != 0)
        return refuse_reply(reason);
    reply->size = msg->size;
    return 0;
}

void reply_body(struct reply* reply, void* body, size_t body_bytes) {
    const struct vexfs_msg* const msg = (const struct vexfs_msg*)reply->bytes;
    memset(body, 0, body_bytes);
    memcpy(body, reply->bytes + sizeof *msg, msg->body < body_bytes ? msg->body : body_bytes);
    reply->taken = sizeof *msg + msg->body;
}

const unsigned char* reply_piece(struct reply* reply, uint64_t bytes) {
    if (bytes > reply->size - reply->taken || VEXFS_PAD8(bytes) > reply->size - reply->taken)
        return NULL;
    const unsigned char* const piece = reply->bytes + reply->taken;
    reply->taken += VEXFS_PAD8(bytes);
    return piece;
}
