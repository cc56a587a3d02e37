/* SPDX-License-Identifier: Apache-2.0 */
/* A mount that is read-only: what reads works, what changes is EROFS. */
#include "vm-tests/cases/abi/message.h"

#define VECTOR ((const float[DIM]){1, 1, 1, 1})

void make_kept(void) {
    struct stat found;

    if (fs_stat(KEPT_DIRECTORY, &found) == 0)
        return;
    const int fd = make_collection(KEPT_DIRECTORY);

    make_file(KEPT_DIRECTORY "/a", 0644);
    EXPECT_IS(put_one(fd, "a", 1), 0);
    EXPECT_IS(fs_close(fd), 0);
}

static void what_reads_works(void) {
    const int fd = open_as(KEPT_DIRECTORY, O_RDONLY);
    struct vexfs_schema_reply schema;
    struct vexfs_stat_reply stat;
    struct vexfs_explain record;
    struct message m;

    begin(&m, VEXFS_OP_HELLO, 0, NULL, 0);
    EXPECT_IS(send(fd, &m), 0);
    EXPECT_IS(((struct vexfs_hello_reply*)body_of(&m))->flags, VEXFS_HELLO_READ_ONLY);
    EXPECT_IS(schema_get(fd, &schema), 0);
    EXPECT_IS(stat_rows(fd, NULL, VEXFS_STAT_TOTALS, &stat), 0);
    EXPECT_IS(stat.total_rows, 1);
    EXPECT(strcmp(names_found(fd, 1, 9, NULL), "a ") == 0);
    EXPECT_IS(explain(fd, 1, VEXFS_EXPLAIN_TOTALS, &record), 0);
    EXPECT_IS(get(fd, 0, "a", VEXFS_GET_VECTORS | VEXFS_GET_ROWS, &m), 0);
    begin(&m, VEXFS_OP_SYNC, 0, NULL, 0);
    EXPECT_IS(send(fd, &m), 0);
}

static void what_changes_is_refused(void) {
    const int fd = open_as(KEPT_DIRECTORY, O_RDONLY);
    const struct vexfs_schema schema = plain_schema();
    struct vexfs_job_cmd job;
    struct message m;

    EXPECT_IS(put(fd, 0, "a", 0, 1, VECTOR), -EROFS);
    EXPECT_IS(drop(fd, 0, "a", 0, NULL), -EROFS);
    EXPECT_IS(schema_set(fd, &schema, 0), -EROFS);
    memset(&job, 0, sizeof job);
    job.cmd = VEXFS_JOB_CMD_COMPACT;
    begin(&m, VEXFS_OP_JOB, 0, &job, sizeof job);
    EXPECT_IS(send(fd, &m), -EROFS);
}

static void a_session_goes_by_parts(void) {
    struct vexfs_part_put part;
    struct message inner;
    struct message m;
    int session;

    EXPECT_IS(fs_open(KEPT_DIRECTORY "/.vexfs/call", O_RDWR), -1);
    EXPECT_IS(errno, EROFS);
    session = open_as(KEPT_DIRECTORY "/.vexfs/call", O_RDONLY);
    begin(&inner, VEXFS_OP_HELLO, 0, NULL, 0);
    inner.msg.room = 4096;
    part.offset = 0;
    part.bytes = inner.msg.size;
    begin(&m, VEXFS_OP_PART_PUT, VEXFS_PART_FIRST, &part, sizeof part);
    add(&m, &inner, inner.msg.size);
    EXPECT_IS(send(session, &m), 0);
    EXPECT(fs_pread(session, &m, sizeof m, 0) > 0);
    EXPECT_IS(m.msg.status, 0);
    inner.msg.op = VEXFS_OP_PUT;
    begin(&m, VEXFS_OP_PART_PUT, VEXFS_PART_FIRST, &part, sizeof part);
    add(&m, &inner, inner.msg.size);
    EXPECT_IS(send(session, &m), 0);
    EXPECT(fs_pread(session, &m, sizeof m, 0) > 0);
    EXPECT_IS(m.msg.status, -EROFS);
}

const struct abi_case read_only_cases[] = {
    {"on a read-only mount all ops that read work", what_reads_works},
    {"on a read-only mount all ops that change are EROFS", what_changes_is_refused},
    {"on a read-only mount a session goes by parts", a_session_goes_by_parts},
    {NULL, NULL},
};
