/* SPDX-License-Identifier: Apache-2.0 */
/* HELLO and SYNC: who answers, and what it promises. */
#include "vm-tests/cases/abi/message.h"

static struct vexfs_hello_reply hello(int fd) {
    struct vexfs_hello_reply reply;
    struct message m;

    begin(&m, VEXFS_OP_HELLO, 0, NULL, 0);
    EXPECT_IS(send(fd, &m), 0);
    memset(&reply, 0, sizeof reply);
    memcpy(&reply, body_of(&m), m.msg.body < sizeof reply ? m.msg.body : sizeof reply);
    return reply;
}

static void hello_tells_versions_and_limits(void) {
    const struct vexfs_hello_reply reply = hello(open_as(".", O_RDONLY));

    EXPECT(reply.abi_min <= VEXFS_ABI_VERSION && reply.abi_max >= VEXFS_ABI_VERSION);
    EXPECT(reply.front_end >= VEXFS_FRONT_END_KMOD && reply.front_end <= VEXFS_FRONT_END_LOCAL);
    EXPECT_IS(reply.flags, 0);
    EXPECT(memchr(reply.engine, 0, sizeof reply.engine) != NULL);
    EXPECT(reply.max_ioctl >= 4096 && reply.max_ioctl <= VEXFS_MAX_IOCTL);
    EXPECT(reply.max_message <= VEXFS_MAX_MESSAGE);
    EXPECT(reply.max_dim >= 4096 && reply.max_dim <= VEXFS_MAX_DIM);
    EXPECT(reply.max_k >= 1000 && reply.max_k <= VEXFS_MAX_K);
    EXPECT(reply.max_staged > 0);
}

static void the_same_volume_answers_everywhere(void) {
    make_directory("d", 0755);
    make_file("f", 0644);
    const struct vexfs_hello_reply one = hello(open_as("d", O_RDONLY));
    const struct vexfs_hello_reply other = hello(open_as("f", O_RDONLY));

    EXPECT(memcmp(one.volume, other.volume, sizeof one.volume) == 0);
    EXPECT(one.engine_epoch == other.engine_epoch);
}

static void what_is_not_offered_says_so(void) {
    const int fd = make_collection("c");
    const uint64_t features = hello(fd).features;
    struct vexfs_job_cmd job;
    struct message m;

    EXPECT((features & (VEXFS_FEATURE_SNAPSHOT | VEXFS_FEATURE_SCRUB | VEXFS_FEATURE_URING)) == 0);
    begin(&m, VEXFS_OP_SNAPSHOT, 0, NULL, 0);
    EXPECT_IS(send(fd, &m), -EOPNOTSUPP);
    begin(&m, VEXFS_OP_URING, 0, NULL, 0);
    EXPECT_IS(send(fd, &m), -EOPNOTSUPP);
    memset(&job, 0, sizeof job);
    job.cmd = VEXFS_JOB_CMD_SCRUB;
    begin(&m, VEXFS_OP_JOB, 0, &job, sizeof job);
    EXPECT_IS(send(fd, &m), -EOPNOTSUPP);
    if ((features & VEXFS_FEATURE_JOB) == 0) {
        begin(&m, VEXFS_OP_JOB_LIST, 0, NULL, 0);
        EXPECT_IS(send(fd, &m), -EOPNOTSUPP);
        job.cmd = VEXFS_JOB_CMD_COMPACT;
        begin(&m, VEXFS_OP_JOB, 0, &job, sizeof job);
        EXPECT_IS(send(fd, &m), -EOPNOTSUPP);
    }
    if ((features & VEXFS_FEATURE_IVFPQ) == 0) {
        struct vexfs_schema schema = plain_schema();

        schema.index = VEXFS_INDEX_IVFPQ;
        make_directory("d", 0755);
        EXPECT_IS(schema_set(open_as("d", O_RDONLY), &schema, 0), -EOPNOTSUPP);
    }
}

static void sync_takes_any_descriptor(void) {
    struct message m;

    make_file("f", 0644);
    begin(&m, VEXFS_OP_SYNC, 0, NULL, 0);
    EXPECT_IS(send(open_as("f", O_WRONLY), &m), 0);
    begin(&m, VEXFS_OP_SYNC, VEXFS_SYNC_LINK, NULL, 0);
    EXPECT_IS(send(open_as(".", O_RDONLY), &m), 0);
}

const struct abi_case hello_cases[] = {
    {"HELLO tells versions and limits", hello_tells_versions_and_limits},
    {"HELLO names the same volume on a directory and on a file",
     the_same_volume_answers_everywhere},
    {"what HELLO does not offer is EOPNOTSUPP", what_is_not_offered_says_so},
    {"SYNC takes any descriptor, with LINK and without", sync_takes_any_descriptor},
    {NULL, NULL},
};
