// SPDX-License-Identifier: Apache-2.0
#include "userlib/client/session.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "userlib/client/call.h"

enum {
    kFirstSliceBytes = 128 * 1024, // most replies are whole then
    kPartBytes = VEXFS_MAX_IOCTL - sizeof(struct vexfs_msg) - sizeof(struct vexfs_part_put),
};

// A message of PART_PUT or PART_GET with its piece.
union part {
    struct vexfs_msg msg;
    unsigned char bytes[VEXFS_MAX_IOCTL];
};

static size_t least(size_t a, size_t b) {
    return a < b ? a : b;
}

// 0, or -errno of the ioctl.
static int send_part(const struct channel* channel, unsigned op, uint32_t flags, uint32_t offset,
                     uint32_t bytes, size_t piece_bytes, union part* part) {
    const uint32_t body[2] = {offset, bytes}; // vexfs_part_put, vexfs_part_get
    const struct vexfs_msg msg = {.size =
                                      (__u32)(sizeof msg + sizeof body + VEXFS_PAD8(piece_bytes)),
                                  .room = sizeof part->bytes,
                                  .op = (__u16)op,
                                  .version = VEXFS_ABI_VERSION,
                                  .body = sizeof body,
                                  .flags = flags};
    memcpy(part->bytes, &msg, sizeof msg);
    memcpy(part->bytes + sizeof msg, body, sizeof body);
    return channel_ioctl(channel, VEXFS_IOC(op, sizeof part->bytes), part);
}

static int put_parts(const struct channel* channel, const struct message* message) {
    union part part;
    const size_t place = sizeof part.msg + sizeof(struct vexfs_part_put);
    for (size_t done = 0; done < message->size;) {
        const size_t bytes = least(message->size - done, kPartBytes);
        memset(part.bytes, 0, sizeof part.bytes);
        memcpy(part.bytes + place, message->bytes + done, bytes);
        const int result = send_part(channel, VEXFS_OP_PART_PUT, done == 0 ? VEXFS_PART_FIRST : 0,
                                     (uint32_t)done, (uint32_t)bytes, bytes, &part);
        if (result != 0)
            return result;
        done += bytes;
    }
    return 0;
}

static int write_message(const struct session* session, const struct message* message) {
    if (!session->writable)
        return put_parts(&session->channel, message);
    for (size_t done = 0; done < message->size;) {
        const ssize_t count = channel_pwrite(&session->channel, message->bytes + done,
                                             message->size - done, (off_t)done);
        if (count < 0)
            return (int)count;
        done += (size_t)count;
    }
    return 0;
}

// At most `bytes` of the reply from `offset` on: their number, or -errno.
static ssize_t read_slice(const struct session* session, unsigned char* into, size_t bytes,
                          size_t offset) {
    if (session->writable)
        return channel_pread(&session->channel, into, bytes, (off_t)offset);
    union part part;
    struct vexfs_part_get_reply got;
    const size_t place = sizeof part.msg + sizeof got;
    memset(part.bytes, 0, sizeof part.bytes);
    const int result = send_part(&session->channel, VEXFS_OP_PART_GET, 0, (uint32_t)offset,
                                 (uint32_t)least(bytes, kPartBytes), 0, &part);
    if (result != 0)
        return result;
    memcpy(&got, part.bytes + sizeof part.msg, sizeof got);
    if (part.msg.body != sizeof got || got.bytes > bytes || got.bytes > kPartBytes)
        return -EPROTO;
    memcpy(into, part.bytes + place, got.bytes);
    return (ssize_t)got.bytes;
}

// The whole reply; its header tells how much there is.
static int read_reply(const struct session* session, size_t room, struct reply* reply) {
    size_t wanted = least(room, kFirstSliceBytes);
    reply->bytes = calloc(1, wanted);
    while (reply->bytes != NULL) {
        const ssize_t count =
            read_slice(session, reply->bytes + reply->size, wanted - reply->size, reply->size);
        if (count < 0)
            return (int)count;
        reply->size += (size_t)count;
        const struct vexfs_msg* const msg = (const struct vexfs_msg*)reply->bytes;
        if (count == 0 || reply->size < sizeof *msg)
            return -EPROTO;
        if (reply->size >= msg->size)
            return 0;
        if (msg->size > room)
            return -EPROTO;
        if (msg->size <= wanted)
            continue;
        wanted = msg->size;
        unsigned char* const larger = realloc(reply->bytes, wanted);
        if (larger == NULL)
            free(reply->bytes);
        reply->bytes = larger;
    }
    return -ENOMEM;
}

static int open_session(const struct channel* directory, struct session* session,
                        struct vexfs_reason* reason) {
    session->writable = true;
    int result = channel_openat(directory, ".vexfs/call", O_RDWR, 0, &session->channel);
    if (result == -EROFS || result == -EACCES) {
        session->writable = false;
        result = channel_openat(directory, ".vexfs/call", O_RDONLY, 0, &session->channel);
    }
    if (result == 0)
        return 0;
    struct vexfs_reason cause;
    const int error = -refuse_errno(-result, &cause);
    return refuse(error, reason, "a message too large for an ioctl needs .vexfs/call: %s",
                  cause.text);
}

void pool_begin(struct session_pool* pool) {
    pthread_mutex_init(&pool->mutex, NULL);
    pool->count = 0;
}

void pool_end(struct session_pool* pool) {
    for (size_t i = 0; i < pool->count; ++i)
        channel_close(&pool->idle[i].channel);
    pthread_mutex_destroy(&pool->mutex);
}

static bool take_idle(struct session_pool* pool, struct session* session) {
    pthread_mutex_lock(&pool->mutex);
    const bool found = pool->count > 0;
    if (found)
        *session = pool->idle[--pool->count];
    pthread_mutex_unlock(&pool->mutex);
    return found;
}

static void give_back(struct session_pool* pool, const struct session* session) {
    pthread_mutex_lock(&pool->mutex);
    const bool kept = pool->count < kIdleSessions;
    if (kept)
        pool->idle[pool->count++] = *session;
    pthread_mutex_unlock(&pool->mutex);
    if (!kept)
        channel_close(&session->channel);
}

int call_session(struct session_pool* pool, const struct channel* directory,
                 struct message* message, size_t room, struct reply* reply, uint64_t* needed,
                 struct vexfs_reason* reason) {
    ((struct vexfs_msg*)message->bytes)->room = (__u32)room;
    for (bool again = false;; again = true) {
        struct session session;
        const bool idle = take_idle(pool, &session);
        int result = idle ? 0 : open_session(directory, &session, reason);
        if (result != 0)
            return result;
        memset(reply, 0, sizeof *reply);
        result = write_message(&session, message);
        // Nothing was executed: an old session of an engine that has ended, whatever the message.
        const bool unsent = result != 0;
        if (result == 0)
            result = read_reply(&session, room, reply);
        if (result == 0) {
            give_back(pool, &session);
            result = call_result(reply, needed, reason);
            if (result != 0)
                free(reply->bytes);
            return result;
        }
        free(reply->bytes);
        channel_close(&session.channel);
        if (result != -ESTALE || again || !(message->repeatable || unsent))
            return refuse_errno(-result, reason);
    }
}
