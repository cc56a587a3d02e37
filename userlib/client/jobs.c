// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "userlib/client/node.h"

enum { kJobsRoom = 4096 }; // of most replies

int vexfs_job_command(struct vexfs_node* node, uint32_t cmd, uint64_t id, uint32_t flags,
                      struct vexfs_job_cmd_reply* answer, struct vexfs_reason* reason) {
    const struct vexfs_job_cmd body = {.cmd = cmd, .id = id};
    struct message message;
    struct reply reply;
    int result = message_begin(&message, VEXFS_OP_JOB, flags, &body, sizeof body, 0, reason);
    if (result == 0)
        result = exchange(node, &message, 0, &reply, reason);
    message_end(&message);
    if (result != 0)
        return result;
    reply_body(&reply, answer, sizeof *answer);
    free(reply.bytes);
    return 0;
}

// The jobs of a reply, in memory of their own.
static int jobs_of_reply(struct reply* reply, struct vexfs_job** jobs, uint32_t* count,
                         struct vexfs_reason* reason) {
    struct vexfs_job_list_reply head;
    reply_body(reply, &head, sizeof head);
    const uint64_t bytes = (uint64_t)head.jobs * sizeof(struct vexfs_job);
    const unsigned char* const piece = reply_piece(reply, bytes);
    if (piece == NULL)
        return refuse_reply(reason);
    struct vexfs_job* const copy = malloc(bytes > 0 ? bytes : 1);
    if (copy == NULL)
        return refuse_memory(reason);
    memcpy(copy, piece, bytes);
    *jobs = copy;
    *count = head.jobs;
    return 0;
}

int vexfs_job_list(struct vexfs_node* node, struct vexfs_job** jobs, uint32_t* count,
                   struct vexfs_reason* reason) {
    struct message message;
    struct reply reply;
    int result = message_begin(&message, VEXFS_OP_JOB_LIST, 0, NULL, 0, 0, reason);
    if (result == 0)
        result = exchange(node, &message, kJobsRoom, &reply, reason);
    message_end(&message);
    if (result != 0)
        return result;
    result = jobs_of_reply(&reply, jobs, count, reason);
    free(reply.bytes);
    return result;
}
