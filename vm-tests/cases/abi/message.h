/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A message and its reply in one buffer, and the ops as calls.
 *
 * Every sending holds the envelope to the contract: errno and status agree, the cookie comes back,
 * a failure has a text, and no byte behind the reply was touched.
 *
 * Threads: one thread.
 */
#pragma once

#include "vm-tests/cases/abi/case.h"

#define DIM 4u         /* of most cases */
#define UNTOUCHED 0xA5 /* behind a message: begin() puts it there */

struct message {
    union {
        struct vexfs_msg msg;
        unsigned char bytes[VEXFS_MAX_IOCTL];
    };
};

void begin(struct message* m, unsigned op, unsigned flags, const void* body, size_t body_bytes);
/* A piece of the payload, padded. */
void add(struct message* m, const void* piece, size_t bytes);
/* 0 or -errno; the reply is in `m`. */
int send(int fd, struct message* m);
/* The same with another room than the largest. */
int send_in(int fd, struct message* m, unsigned room);
void* body_of(struct message* m);
void* payload_of(struct message* m);
/* Of a reply that is a failure. */
const struct vexfs_failure* failure_of(struct message* m);

struct vexfs_schema plain_schema(void); /* DIM f32 elements, l2 */
int schema_set(int fd, const struct vexfs_schema* schema, unsigned flags);
int schema_get(int fd, struct vexfs_schema_reply* reply);
/* The directory, which is made, becomes a collection of that schema. Its descriptor. */
int make_collection(const char* path);

/* One file by `name`, by `ino`, or neither: the descriptor. `rows` vectors of DIM. */
int put(int fd, uint64_t ino, const char* name, unsigned first, unsigned rows,
        const float* vectors);
/* One row of that value in every element. */
int put_one(int fd, const char* name, float value);
int get(int fd, uint64_t ino, const char* name, unsigned flags, struct message* reply);
int drop(int fd, uint64_t ino, const char* name, unsigned first, struct vexfs_drop_reply* reply);
int stat_rows(int fd, const char* name, unsigned flags, struct vexfs_stat_reply* reply);

/* One query of that value in every element. Answer, hits and so on are in `reply`. */
int search(int fd, float value, unsigned k, unsigned flags, const char* filter,
           struct message* reply);
int explain(int fd, float value, unsigned flags, struct vexfs_explain* reply);
const struct vexfs_answer* answer_of(struct message* reply);
const struct vexfs_hit* hits_of(struct message* reply);
/* The path of a hit, in a reply that has paths and no vectors. */
const char* path_of(struct message* reply, unsigned hit);
/* The paths that a search finds, near ones first, each followed by a space. */
const char* names_found(int fd, float value, unsigned k, const char* filter);
