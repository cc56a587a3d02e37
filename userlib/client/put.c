// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "userlib/client/node.h"

// What the batch takes in a message; the structs of its files, in `files`.
struct sizes {
    uint64_t rows;
    uint64_t names;
    bool metas;
    bool appends;
};

static int measure(const struct vexfs_put_batch* batch, struct vexfs_put_file* files,
                   struct sizes* sizes, struct vexfs_reason* reason) {
    memset(sizes, 0, sizeof *sizes);
    for (uint32_t i = 0; i < batch->count; ++i) {
        const struct vexfs_put_rows* const from = &batch->files[i];
        struct vexfs_put_file* const file = &files[i];
        const int result = choose_file(&from->which, &file->file, reason);
        if (result != 0)
            return result;
        file->first = from->first;
        file->rows = from->rows;
        file->data_version = from->data_version;
        sizes->rows += from->rows;
        sizes->names += file->file.name;
        sizes->metas |= from->metas != NULL;
        sizes->appends |= from->first == VEXFS_ROW_APPEND;
    }
    if (sizes->rows > UINT32_MAX)
        return refuse(EMSGSIZE, reason, "a message does not take that many rows");
    return 0;
}

static void fill(struct message* message, const struct vexfs_put_batch* batch,
                 const struct vexfs_put_file* files, const struct sizes* sizes) {
    const size_t vector_bytes = vexfs_vector_bytes(batch->element, batch->dim);
    const size_t meta_bytes = sizeof(struct vexfs_row_meta);
    const unsigned char* const at = message_piece(message, files, batch->count * sizeof *files);
    if (files[0].file.ino == 0 && files[0].file.name == 0)
        message->file_at = (size_t)(at - message->bytes);
    unsigned char* metas =
        message_piece(message, NULL, sizes->metas ? sizes->rows * meta_bytes : 0);
    unsigned char* vectors = message_piece(message, NULL, sizes->rows * vector_bytes);
    unsigned char* names = message_piece(message, NULL, sizes->names);
    for (uint32_t i = 0; i < batch->count; ++i) {
        const struct vexfs_put_rows* const from = &batch->files[i];
        if (from->metas != NULL)
            memcpy(metas, from->metas, from->rows * meta_bytes);
        if (sizes->metas)
            metas += from->rows * meta_bytes;
        if (from->rows > 0)
            memcpy(vectors, from->vectors, from->rows * vector_bytes);
        vectors += from->rows * vector_bytes;
        if (files[i].file.name > 0)
            memcpy(names, from->which.name, files[i].file.name);
        names += files[i].file.name;
    }
    message->repeatable = !sizes->appends;
}

static int take_statuses(struct reply* reply, const struct vexfs_put_batch* batch,
                         struct vexfs_put_status* statuses, struct vexfs_reason* reason) {
    struct vexfs_put_reply head;
    reply_body(reply, &head, sizeof head);
    const struct vexfs_put_status* const found =
        (const struct vexfs_put_status*)reply_piece(reply, (uint64_t)head.files * sizeof *found);
    if (found == NULL || head.files != batch->count)
        return refuse_reply(reason);
    if (statuses != NULL)
        memcpy(statuses, found, head.files * sizeof *found);
    for (uint32_t i = 0; i < head.files; ++i) {
        if (found[i].status == 0)
            continue;
        struct vexfs_reason cause;
        const int error = -refuse_errno(-found[i].status, &cause);
        const char* const name = batch->files[i].which.name;
        return refuse(error, reason, "%s: %s (%u of %u files failed)", name != NULL ? name : "file",
                      cause.text, head.failed, head.files);
    }
    return 0;
}

static int put(struct vexfs_node* node, const struct vexfs_put_batch* batch,
               struct vexfs_put_file* files, struct vexfs_put_status* statuses,
               struct vexfs_reason* reason) {
    struct sizes sizes;
    int result = measure(batch, files, &sizes, reason);
    if (result != 0)
        return result;
    const struct vexfs_put body = {.files = batch->count,
                                   .rows = (__u32)sizes.rows,
                                   .metas = sizes.metas ? (__u32)sizes.rows : 0,
                                   .names = (__u32)sizes.names,
                                   .dim = batch->dim,
                                   .element = batch->element};
    const uint64_t vectors = sizes.rows * vexfs_vector_bytes(batch->element, batch->dim);
    const uint64_t metas = (uint64_t)body.metas * sizeof(struct vexfs_row_meta);
    const uint64_t payload =
        batch->count * sizeof *files + metas + VEXFS_PAD8(vectors) + VEXFS_PAD8(sizes.names);
    struct message message;
    struct reply reply;
    result =
        message_begin(&message, VEXFS_OP_PUT, batch->flags, &body, sizeof body, payload, reason);
    if (result != 0)
        return result;
    fill(&message, batch, files, &sizes);
    const uint64_t room = sizeof(struct vexfs_msg) + sizeof(struct vexfs_put_reply) +
                          batch->count * sizeof(struct vexfs_put_status);
    result = exchange(node, &message, room, &reply, reason);
    message_end(&message);
    if (result != 0)
        return result;
    result = take_statuses(&reply, batch, statuses, reason);
    free(reply.bytes);
    return result;
}

int vexfs_rows_put(struct vexfs_node* node, const struct vexfs_put_batch* batch,
                   struct vexfs_put_status* statuses, struct vexfs_reason* reason) {
    if (batch->count == 0 || batch->count > VEXFS_MAX_FILES)
        return refuse(EINVAL, reason, "a message puts rows of 1 to %d files", VEXFS_MAX_FILES);
    if (statuses != NULL)
        memset(statuses, 0, batch->count * sizeof *statuses);
    struct vexfs_put_file* const files = calloc(batch->count, sizeof *files);
    if (files == NULL)
        return refuse_memory(reason);
    const int result = put(node, batch, files, statuses, reason);
    free(files);
    return result;
}
