// SPDX-License-Identifier: Apache-2.0
#include "userlib/client/call.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int refuse_silence(int error, struct vexfs_reason* reason) {
    if (error == ENOTTY || error == ENOSYS || error == EINVAL || error == EOPNOTSUPP)
        return refuse(ENOTTY, reason, "this is not on a VexFS volume");
    return refuse_errno(error, reason);
}

int call_result(struct reply* reply, uint64_t* needed, struct vexfs_reason* reason) {
    const int status = ((const struct vexfs_msg*)reply->bytes)->status;
    if (status == 0)
        return reply_check(reply, reason);
    const struct vexfs_failure* failure = NULL;
    const char* const text = reply_failure(reply->bytes, reply->size, &failure);
    if (text == NULL || status > 0)
        return refuse_reply(reason);
    *needed = failure->needed;
    return refuse(-status, reason, "%s", text);
}

int call_ioctl(const struct channel* channel, const struct message* message, size_t room,
               struct reply* reply, uint64_t* needed, struct vexfs_reason* reason) {
    memset(reply, 0, sizeof *reply);
    reply->bytes = calloc(1, room);
    if (reply->bytes == NULL)
        return refuse_memory(reason);
    reply->size = room;
    memcpy(reply->bytes, message->bytes, message->size);
    struct vexfs_msg* const msg = (struct vexfs_msg*)reply->bytes;
    msg->room = (__u32)room;
    const int error = -channel_ioctl(channel, VEXFS_IOC(msg->op, room), reply->bytes);
    int result;
    if (error != 0 && msg->status == 0)
        result = refuse_silence(error, reason);
    else
        result = call_result(reply, needed, reason);
    if (result != 0) {
        free(reply->bytes);
        reply->bytes = NULL;
    }
    return result;
}
