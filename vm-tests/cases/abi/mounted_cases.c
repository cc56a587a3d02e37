/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What only a mount can be asked, and why an image in the process cannot:
 *
 *   O_PATH, dup(2), fork(2)   a handle of an image is no descriptor of the system, and an engine
 *                             does not live on in a child
 *   io_uring, AIO             they take descriptors
 *   mmap(2), poll(2)          of a session, neither is offered by any front end
 *   signals                   nobody waits in another process for an answer
 */
#include "vm-tests/cases/abi/message.h"
#include "vm-tests/cases/abi/ring.h"

static void a_descriptor_of_a_path_only_takes_nothing(void) {
    struct message m;

    begin(&m, VEXFS_OP_HELLO, 0, NULL, 0);
    EXPECT_IS(send(open_as(".", O_PATH), &m), -EBADF);
}

static void a_copy_of_a_descriptor_is_the_same_session(void) {
    const int session = open_as(".vexfs/call", O_RDWR);
    const int other = dup(session);
    struct message m;

    begin(&m, VEXFS_OP_HELLO, 0, NULL, 0);
    m.msg.room = 4096;
    EXPECT_IS(fs_pwrite(session, &m, m.msg.size, 0), m.msg.size);
    EXPECT(fs_pread(other, &m, sizeof m, 0) > 0);
    EXPECT_IS(m.msg.status, 0);
}

/* One submission: the message is written, and then the reply is read. */
static void a_linked_write_and_read_are_a_call(void) {
    const int session = open_as(".vexfs/call", O_RDWR);
    int results[2] = {-ECANCELED, -ECANCELED};
    struct message reply;
    struct message m;

    begin(&m, VEXFS_OP_HELLO, 0, NULL, 0);
    m.msg.room = 4096;
    const int result = write_then_read(session, &m, m.msg.size, &reply, sizeof reply, results);
    if (result == -ENOSYS || result == -EPERM) {
        printf("     skipped: no io_uring here\n");
        return;
    }
    EXPECT_IS(result, 0);
    EXPECT_IS(results[0], m.msg.size);
    EXPECT_IS(results[1], reply.msg.size);
    EXPECT_IS(reply.msg.status, 0);
    EXPECT_IS(reply.msg.op, VEXFS_OP_HELLO);
}

const struct abi_case mounted_cases[] = {
    {"O_PATH takes no op", a_descriptor_of_a_path_only_takes_nothing},
    {"a copy of a descriptor is the same session", a_copy_of_a_descriptor_is_the_same_session},
    {"a write and a read linked in an io_uring are a call", a_linked_write_and_read_are_a_call},
    {NULL, NULL},
};
