/* SPDX-License-Identifier: Apache-2.0 */
/* JOB and JOB_LIST: work in the background, for its owner. */
#include "vm-tests/cases/abi/message.h"

static int command(int fd, __u32 cmd, __u64 id, __u32 flags, struct vexfs_job_cmd_reply* reply) {
    const struct vexfs_job_cmd body = {.cmd = cmd, .id = id};
    struct message m;
    int result;

    begin(&m, VEXFS_OP_JOB, flags, &body, sizeof body);
    result = send(fd, &m);
    memset(reply, 0, sizeof *reply);
    if (result == 0)
        memcpy(reply, body_of(&m), sizeof *reply);
    return result;
}

/* How many jobs there are; the one with that id in `job`, all 0 if it is not among them. */
static unsigned list(int fd, __u64 id, struct vexfs_job* job) {
    struct vexfs_job_list_reply head;
    struct message m;
    unsigned i;

    begin(&m, VEXFS_OP_JOB_LIST, 0, NULL, 0);
    EXPECT_IS(send(fd, &m), 0);
    memcpy(&head, body_of(&m), sizeof head);
    memset(job, 0, sizeof *job);
    for (i = 0; i < head.jobs; ++i) {
        struct vexfs_job one;

        memcpy(&one, (const char*)body_of(&m) + sizeof head + i * sizeof one, sizeof one);
        if (one.id == id)
            *job = one;
    }
    return head.jobs;
}

static void a_job_that_is_asked_for_ends_and_is_listed(void) {
    const int fd = make_collection("c");
    struct vexfs_job_cmd_reply reply;
    struct vexfs_job job;

    make_file("c/f", 0644);
    EXPECT_IS(put_one(fd, "f", 1), 0);
    EXPECT_IS(command(fd, VEXFS_JOB_CMD_COMPACT, 0, VEXFS_JOB_WAIT, &reply), 0);
    EXPECT_IS(reply.state, VEXFS_JOB_DONE);
    EXPECT_IS(reply.jobs, 1);
    EXPECT(list(fd, reply.id, &job) >= 1);
    EXPECT_IS(job.kind, VEXFS_JOB_KIND_COMPACT);
    EXPECT_IS(job.state, VEXFS_JOB_DONE);
    EXPECT_IS(job.status, 0);
    EXPECT(job.started_ns != 0 && job.ended_ns >= job.started_ns);
    EXPECT(job.collection == ino_of("c"));
    EXPECT(list(open_as("c/f", O_RDONLY), reply.id, &job) >= 1);
    EXPECT(strcmp(names_found(fd, 1, 9, NULL), "f ") == 0);
}

static void a_pause_holds_what_comes_until_it_is_undone(void) {
    const int fd = make_collection("c");
    struct vexfs_job_cmd_reply paused;
    struct vexfs_job_cmd_reply reply;

    EXPECT_IS(command(fd, VEXFS_JOB_CMD_PAUSE, 0, 0, &reply), 0);
    EXPECT_IS(reply.jobs, 0);
    EXPECT_IS(command(fd, VEXFS_JOB_CMD_COMPACT, 0, VEXFS_JOB_WAIT, &paused), 0);
    EXPECT_IS(paused.state, VEXFS_JOB_PAUSED);
    EXPECT_IS(command(fd, VEXFS_JOB_CMD_PAUSE, paused.id + 1, 0, &reply), -ENOENT);
    EXPECT_IS(command(fd, VEXFS_JOB_CMD_RESUME, 0, 0, &reply), 0);
    EXPECT_IS(reply.jobs, 1);
    EXPECT_IS(command(fd, VEXFS_JOB_CMD_COMPACT, 0, VEXFS_JOB_WAIT, &reply), 0);
    EXPECT_IS(reply.state, VEXFS_JOB_DONE);
    EXPECT_IS(command(fd, VEXFS_JOB_CMD_PAUSE, 0, VEXFS_JOB_WAIT, &reply), -EINVAL);
    EXPECT_IS(command(fd, VEXFS_JOB_CMD_COMPACT, 0, VEXFS_JOB_VERIFY, &reply), -EINVAL);
    EXPECT_IS(command(fd, VEXFS_JOB_CMD_COMPACT, 7, 0, &reply), -EINVAL);
}

static void jobs_are_the_owners(void) {
    struct vexfs_job_cmd_reply reply;
    struct message m;
    int fd;

    make_collection("c");
    become(BOB, BOB, 0);
    fd = open_as("c", O_RDONLY);
    EXPECT_IS(command(fd, VEXFS_JOB_CMD_PAUSE, 0, 0, &reply), -EPERM);
    EXPECT_IS(command(fd, VEXFS_JOB_CMD_ERASE, 0, VEXFS_JOB_VERIFY, &reply), -EPERM);
    begin(&m, VEXFS_OP_JOB_LIST, 0, NULL, 0);
    EXPECT_IS(send(fd, &m), -EPERM);
    become(0, 0, 0);
    make_directory("plain", 0755);
    fd = open_as("plain", O_RDONLY);
    EXPECT_IS(command(fd, VEXFS_JOB_CMD_COMPACT, 0, 0, &reply), -ENODATA);
    begin(&m, VEXFS_OP_JOB_LIST, 0, NULL, 0);
    EXPECT_IS(send(fd, &m), -ENODATA);
}

const struct abi_case job_cases[] = {
    {"a JOB that is asked for ends, and JOB_LIST tells how",
     a_job_that_is_asked_for_ends_and_is_listed},
    {"JOB pause holds what comes until it is undone", a_pause_holds_what_comes_until_it_is_undone},
    {"jobs are the owner's: JOB and JOB_LIST are EPERM for others", jobs_are_the_owners},
    {NULL, NULL},
};
