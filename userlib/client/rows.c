// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "userlib/client/node.h"

// A message without payload whose reply is a body.
static int ask(struct vexfs_node* node, unsigned op, uint32_t flags, const void* body,
               size_t body_bytes, void* answer, size_t answer_bytes, struct vexfs_reason* reason) {
    struct message message;
    struct reply reply;
    int result = message_begin(&message, op, flags, body, body_bytes, 0, reason);
    if (result == 0)
        result = exchange(node, &message, 0, &reply, reason);
    message_end(&message);
    if (result != 0)
        return result;
    reply_body(&reply, answer, answer_bytes);
    free(reply.bytes);
    return 0;
}

int vexfs_schema_get(struct vexfs_node* node, struct vexfs_schema_reply* reply,
                     struct vexfs_reason* reason) {
    return ask(node, VEXFS_OP_SCHEMA_GET, 0, NULL, 0, reply, sizeof *reply, reason);
}

int vexfs_schema_set(struct vexfs_node* node, const struct vexfs_schema* schema, uint32_t flags,
                     struct vexfs_schema_reply* reply, struct vexfs_reason* reason) {
    return ask(node, VEXFS_OP_SCHEMA_SET, flags, schema, sizeof *schema, reply, sizeof *reply,
               reason);
}

int vexfs_rows_sync(struct vexfs_node* node, uint32_t flags, struct vexfs_reason* reason) {
    char nothing = 0;
    return ask(node, VEXFS_OP_SYNC, flags, NULL, 0, &nothing, 0, reason);
}

// A message about one file: a body that begins with struct vexfs_file, and its name.
static int begin_for_file(struct message* message, unsigned op, uint32_t flags, const void* body,
                          size_t body_bytes, const struct vexfs_which* which,
                          struct vexfs_reason* reason) {
    struct vexfs_file file;
    int result = choose_file(which, &file, reason);
    message->bytes = NULL; // there is nothing to free yet
    if (result == 0)
        result = message_begin(message, op, flags, body, body_bytes,
                               VEXFS_PAD8((uint64_t)file.name), reason);
    if (result != 0)
        return result;
    memcpy(message->bytes + sizeof(struct vexfs_msg), &file, sizeof file);
    if (which == NULL)
        message->file_at = sizeof(struct vexfs_msg);
    message_piece(message, which == NULL ? NULL : which->name, file.name);
    return 0;
}

// Sends a message that begin_for_file() has begun, whose reply is a body.
static int ask_for_file(struct vexfs_node* node, int begun, struct message* message, void* answer,
                        size_t answer_bytes, struct vexfs_reason* reason) {
    struct reply reply;
    const int result = begun == 0 ? exchange(node, message, 0, &reply, reason) : begun;
    message_end(message);
    if (result != 0)
        return result;
    reply_body(&reply, answer, answer_bytes);
    free(reply.bytes);
    return 0;
}

int vexfs_rows_drop(struct vexfs_node* node, const struct vexfs_which* which, uint32_t first,
                    uint32_t flags, struct vexfs_drop_reply* answer, struct vexfs_reason* reason) {
    const struct vexfs_drop body = {.first = first};
    struct message message;
    const int begun =
        begin_for_file(&message, VEXFS_OP_DROP, flags, &body, sizeof body, which, reason);
    message.repeatable = true;
    return ask_for_file(node, begun, &message, answer, sizeof *answer, reason);
}

int vexfs_rows_stat(struct vexfs_node* node, const struct vexfs_which* which, uint32_t flags,
                    struct vexfs_stat_reply* answer, struct vexfs_reason* reason) {
    const struct vexfs_stat body = {.file = {0}};
    struct message message;
    const int begun =
        begin_for_file(&message, VEXFS_OP_STAT, flags, &body, sizeof body, which, reason);
    return ask_for_file(node, begun, &message, answer, sizeof *answer, reason);
}

// The set, with copies of what the reply holds.
static int set_of_reply(struct reply* reply, struct vexfs_row_set** set,
                        struct vexfs_reason* reason) {
    struct vexfs_get_reply head;
    reply_body(reply, &head, sizeof head);
    const uint64_t row_bytes =
        (head.flags & VEXFS_GET_ROWS) != 0 ? (uint64_t)head.rows * sizeof(struct vexfs_row) : 0;
    const uint64_t vector_bytes =
        (head.flags & VEXFS_GET_VECTORS) != 0
            ? (uint64_t)head.rows * vexfs_vector_bytes(head.element, head.dim)
            : 0;
    const unsigned char* const rows = reply_piece(reply, row_bytes);
    const unsigned char* const vectors = rows != NULL ? reply_piece(reply, vector_bytes) : NULL;
    if (vectors == NULL)
        return refuse_reply(reason);
    struct vexfs_row_set* const found =
        malloc(sizeof *found + sizeof head + row_bytes + vector_bytes);
    if (found == NULL)
        return refuse_memory(reason);
    unsigned char* const to = (unsigned char*)(found + 1);
    memcpy(to, &head, sizeof head);
    memcpy(to + sizeof head, rows, row_bytes);
    memcpy(to + sizeof head + row_bytes, vectors, vector_bytes);
    found->head = (const struct vexfs_get_reply*)to;
    found->rows =
        (head.flags & VEXFS_GET_ROWS) != 0 ? (const struct vexfs_row*)(to + sizeof head) : NULL;
    found->vectors = (head.flags & VEXFS_GET_VECTORS) != 0 ? to + sizeof head + row_bytes : NULL;
    *set = found;
    return 0;
}

int vexfs_rows_get(struct vexfs_node* node, const struct vexfs_which* which, uint32_t first,
                   uint32_t rows, uint32_t flags, struct vexfs_row_set** set,
                   struct vexfs_reason* reason) {
    const struct vexfs_get body = {.first = first, .rows = rows};
    struct message message;
    struct reply reply;
    int result = begin_for_file(&message, VEXFS_OP_GET, flags, &body, sizeof body, which, reason);
    if (result == 0)
        result = exchange(node, &message, 0, &reply, reason);
    message_end(&message);
    if (result != 0)
        return result;
    result = set_of_reply(&reply, set, reason);
    free(reply.bytes);
    return result;
}
