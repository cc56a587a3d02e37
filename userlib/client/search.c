// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "userlib/client/node.h"

enum { kPathBytes = 64 }; // room for a path that is not known yet

// A message of SEARCH or EXPLAIN.
static int begin_search(struct message* message, unsigned op, const struct vexfs_query* query,
                        struct vexfs_reason* reason) {
    const size_t filter_bytes = query->filter != NULL ? strlen(query->filter) : 0;
    if (filter_bytes > VEXFS_MAX_FILTER)
        return refuse(EINVAL, reason, "a filter of %zu bytes is over the limit of %d", filter_bytes,
                      VEXFS_MAX_FILTER);
    const uint64_t vectors =
        (uint64_t)query->queries * vexfs_vector_bytes(query->element, query->dim);
    const struct vexfs_search body = {.queries = query->queries,
                                      .dim = query->dim,
                                      .element = query->element,
                                      .k = query->k,
                                      .ef = query->ef,
                                      .radius = query->radius,
                                      .filter = (__u32)filter_bytes};
    const int result = message_begin(message, op, query->flags, &body, sizeof body,
                                     VEXFS_PAD8(vectors) + VEXFS_PAD8(filter_bytes), reason);
    if (result != 0)
        return result;
    message_piece(message, query->vectors, vectors);
    message_piece(message, query->filter, filter_bytes);
    return 0;
}

// Lets pointers[i] be the i-th of `count` texts in `bytes` bytes; whether there are just as many.
static bool split_texts(const char* text, size_t bytes, const char** pointers, size_t count) {
    const char* const end = text + bytes;
    for (size_t i = 0; i < count; ++i) {
        const char* const stop = memchr(text, '\0', (size_t)(end - text));
        if (stop == NULL)
            return false;
        pointers[i] = text;
        text = stop + 1;
    }
    return text == end;
}

// The pieces of a reply of SEARCH, where they lie in it.
struct pieces {
    const unsigned char* answers;
    const unsigned char* hit;
    const unsigned char* vectors;
    const unsigned char* paths;
    uint64_t answer_bytes;
    uint64_t hit_bytes;
    uint64_t vector_bytes;
};

static bool take_pieces(struct reply* reply, const struct vexfs_search_reply* head,
                        struct pieces* pieces) {
    pieces->answer_bytes = (uint64_t)head->queries * sizeof(struct vexfs_answer);
    pieces->hit_bytes = (uint64_t)head->hits * sizeof(struct vexfs_hit);
    pieces->vector_bytes = (uint64_t)head->hits * head->vector_bytes;
    return (pieces->answers = reply_piece(reply, pieces->answer_bytes)) != NULL &&
           (pieces->hit = reply_piece(reply, pieces->hit_bytes)) != NULL &&
           (pieces->vectors = reply_piece(reply, pieces->vector_bytes)) != NULL &&
           (pieces->paths = reply_piece(reply, head->path_bytes)) != NULL;
}

static bool sums_up(const struct vexfs_answer* answers, const struct vexfs_search_reply* head,
                    const struct vexfs_query* query) {
    uint64_t found = 0;
    for (uint32_t i = 0; i < head->queries; ++i)
        found += answers[i].found;
    return found == head->hits && head->queries == query->queries;
}

// One allocation: the struct, pointers to paths, answers, hits, vectors, paths.
static int hits_of_reply(struct reply* reply, const struct vexfs_query* query,
                         struct vexfs_hits** hits, struct vexfs_reason* reason) {
    struct vexfs_search_reply head;
    struct pieces pieces;
    reply_body(reply, &head, sizeof head);
    if (!take_pieces(reply, &head, &pieces))
        return refuse_reply(reason);
    const bool with_paths = (query->flags & VEXFS_SEARCH_PATHS) != 0;
    const bool with_vectors = (query->flags & VEXFS_SEARCH_VECTORS) != 0;
    const size_t pointer_bytes = with_paths ? head.hits * sizeof(char*) : 0;
    struct vexfs_hits* const found =
        malloc(sizeof *found + pointer_bytes + pieces.answer_bytes + pieces.hit_bytes +
               pieces.vector_bytes + head.path_bytes);
    if (found == NULL)
        return refuse_memory(reason);
    const char** const pointers = (const char**)(found + 1);
    unsigned char* const answers = (unsigned char*)pointers + pointer_bytes;
    unsigned char* const hit = answers + pieces.answer_bytes;
    unsigned char* const vectors = hit + pieces.hit_bytes;
    unsigned char* const paths = vectors + pieces.vector_bytes;
    memcpy(answers, pieces.answers, pieces.answer_bytes);
    memcpy(hit, pieces.hit, pieces.hit_bytes);
    memcpy(vectors, pieces.vectors, pieces.vector_bytes);
    memcpy(paths, pieces.paths, head.path_bytes);
    *found = (struct vexfs_hits){.queries = head.queries,
                                 .hits = head.hits,
                                 .vector_bytes = head.vector_bytes,
                                 .answers = (const struct vexfs_answer*)answers,
                                 .hit = (const struct vexfs_hit*)hit,
                                 .vectors = with_vectors ? vectors : NULL,
                                 .paths = with_paths ? pointers : NULL};
    if (!sums_up(found->answers, &head, query) ||
        (with_paths && !split_texts((const char*)paths, head.path_bytes, pointers, head.hits))) {
        free(found);
        return refuse_reply(reason);
    }
    *hits = found;
    return 0;
}

int vexfs_rows_search(struct vexfs_node* node, const struct vexfs_query* query,
                      struct vexfs_hits** hits, struct vexfs_reason* reason) {
    const uint64_t most = (uint64_t)query->queries * query->k;
    uint64_t hit_bytes = sizeof(struct vexfs_hit);
    if ((query->flags & VEXFS_SEARCH_PATHS) != 0)
        hit_bytes += kPathBytes;
    if ((query->flags & VEXFS_SEARCH_VECTORS) != 0)
        hit_bytes += vexfs_vector_bytes(query->element, query->dim);
    // Whoever asks for very many of what may be few is answered by a session all the same.
    const uint64_t room = sizeof(struct vexfs_msg) + sizeof(struct vexfs_search_reply) +
                          query->queries * sizeof(struct vexfs_answer) +
                          (most < VEXFS_MAX_HITS ? most : VEXFS_MAX_HITS) * hit_bytes;
    struct message message;
    struct reply reply;
    int result = begin_search(&message, VEXFS_OP_SEARCH, query, reason);
    if (result != 0)
        return result;
    result = exchange(node, &message, room, &reply, reason);
    message_end(&message);
    if (result != 0)
        return result;
    result = hits_of_reply(&reply, query, hits, reason);
    free(reply.bytes);
    return result;
}

int vexfs_rows_explain(struct vexfs_node* node, const struct vexfs_query* query,
                       struct vexfs_explain_reply* head, struct vexfs_explain* answers,
                       struct vexfs_reason* reason) {
    const uint64_t bytes = (uint64_t)query->queries * sizeof *answers;
    struct message message;
    struct reply reply;
    int result = begin_search(&message, VEXFS_OP_EXPLAIN, query, reason);
    if (result != 0)
        return result;
    result =
        exchange(node, &message, sizeof(struct vexfs_msg) + sizeof *head + bytes, &reply, reason);
    message_end(&message);
    if (result != 0)
        return result;
    reply_body(&reply, head, sizeof *head);
    const unsigned char* const piece =
        head->queries == query->queries ? reply_piece(&reply, bytes) : NULL;
    if (piece != NULL)
        memcpy(answers, piece, bytes);
    else
        result = refuse_reply(reason);
    free(reply.bytes);
    return result;
}

int vexfs_rows_paths(struct vexfs_node* node, const uint64_t* inos, uint32_t count,
                     const char* const** paths, struct vexfs_reason* reason) {
    const struct vexfs_path body = {.inos = count};
    const uint64_t bytes = (uint64_t)count * sizeof *inos;
    struct message message;
    struct reply reply;
    int result = message_begin(&message, VEXFS_OP_PATH, 0, &body, sizeof body, bytes, reason);
    if (result != 0)
        return result;
    message_piece(&message, inos, bytes);
    result = exchange(node, &message, (uint64_t)count * kPathBytes, &reply, reason);
    message_end(&message);
    if (result != 0)
        return result;
    struct vexfs_path_reply head;
    reply_body(&reply, &head, sizeof head);
    const unsigned char* const texts = reply_piece(&reply, head.path_bytes);
    const char** found = malloc(count * sizeof *found + head.path_bytes + 1);
    if (texts == NULL || found == NULL) {
        result = texts == NULL ? refuse_reply(reason) : refuse_memory(reason);
    } else {
        char* const copy = (char*)(found + count);
        memcpy(copy, texts, head.path_bytes);
        if (!split_texts(copy, head.path_bytes, found, count))
            result = refuse_reply(reason);
    }
    free(reply.bytes);
    if (result != 0)
        free(found);
    else
        *paths = found;
    return result;
}
