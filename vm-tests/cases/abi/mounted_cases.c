/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What only a mount can be asked, and why an image in the process cannot:
 *
 *   O_PATH, dup(2), fork(2)   a handle of an image is no descriptor of the system, and an engine
 *                             does not live on in a child
 *   io_uring, AIO             they take descriptors
 *   mmap(2), poll(2)          of a session, neither is offered by any front end
 *   signals                   nobody waits in another process for an answer
 *   memory that is not there  no kernel copies a message: the caller has the fault itself
 *   a write beside a read     a case has one thread, and no other process has the session
 */
#include <signal.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>

#include "vm-tests/cases/abi/message.h"
#include "vm-tests/cases/abi/ring.h"

#define QUERIES 4096u /* a search that takes a while */
#define ROWS 300u
#define TRIES 2000
#define MORE_THAN_SLOTS 100 /* calls that each could keep something of the engine */

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

static char long_message[sizeof(struct vexfs_msg) + sizeof(struct vexfs_search) +
                         QUERIES * DIM * sizeof(float)];
static char long_reply[QUERIES * (sizeof(struct vexfs_answer) + sizeof(struct vexfs_hit)) + 4096];

/* A session of a collection with rows, and the long search in long_message. */
static int begin_long_search(void) {
    static float vectors[ROWS * DIM];
    const int fd = make_collection("c");
    struct vexfs_search body;
    struct message m;

    for (unsigned i = 0; i < ROWS * DIM; i++)
        vectors[i] = (float)(i % 97);
    make_file("c/file", 0644);
    EXPECT_IS(put(fd, 0, "file", 0, ROWS, vectors), 0);
    memset(&body, 0, sizeof body);
    body.queries = QUERIES;
    body.dim = DIM;
    body.element = VEXFS_ELEMENT_F32;
    body.k = 1;
    begin(&m, VEXFS_OP_SEARCH, VEXFS_SEARCH_EXACT, &body, sizeof body);
    m.msg.size = sizeof long_message;
    m.msg.room = sizeof long_reply;
    memcpy(long_message, &m, sizeof m.msg + sizeof body);
    return open_as("c/.vexfs/call", O_RDWR);
}

static void check_long_reply(ssize_t bytes) {
    const struct vexfs_msg* const reply = (const struct vexfs_msg*)long_reply;
    const struct vexfs_search_reply* const body = (const struct vexfs_search_reply*)(reply + 1);

    EXPECT_IS(bytes, reply->size);
    EXPECT_IS(reply->status, 0);
    EXPECT_IS(body->hits, QUERIES);
}

static void on_alarm(int number) {
    (void)number;
}

/* The alarm comes sooner and later until it meets the read. */
static void a_signal_ends_a_read(void) {
    const int session = begin_long_search();
    const struct sigaction action = {.sa_handler = on_alarm};
    ssize_t bytes = 0;

    EXPECT_IS(sigaction(SIGALRM, &action, NULL), 0);
    for (int i = 0; i < TRIES && bytes >= 0; i++) {
        const struct itimerval once = {{0, 0}, {0, 100 + i % 40 * 250}};
        const struct itimerval never = {{0, 0}, {0, 0}};

        EXPECT_IS(fs_pwrite(session, long_message, sizeof long_message, 0), sizeof long_message);
        EXPECT_IS(setitimer(ITIMER_REAL, &once, NULL), 0);
        bytes = fs_pread(session, long_reply, sizeof long_reply, 0);
        if (bytes < 0)
            EXPECT_IS(errno, EINTR);
        EXPECT_IS(setitimer(ITIMER_REAL, &never, NULL), 0);
    }
    EXPECT_IS(bytes, -1);
    check_long_reply(fs_pread(session, long_reply, sizeof long_reply, 0));
}

/* Writes what is staged already, until that is refused or the reply was read. */
static int write_beside(int session, int read_is_done) {
    char byte;

    for (;;) {
        if (fs_pwrite(session, long_message, 1, 0) != 1)
            return errno;
        if (read(read_is_done, &byte, 1) == 0)
            return 0;
    }
}

static void a_write_beside_a_read_is_refused(void) {
    const int session = begin_long_search();
    int status = 0;

    for (int i = 0; i < TRIES && status == 0; i++) {
        int ends[2];

        EXPECT_IS(fs_pwrite(session, long_message, sizeof long_message, 0), sizeof long_message);
        EXPECT_IS(pipe2(ends, O_NONBLOCK), 0);
        const pid_t child = fork();
        if (child == 0) {
            close(ends[1]);
            _exit(write_beside(session, ends[0]));
        }
        EXPECT(child > 0);
        close(ends[0]);
        check_long_reply(fs_pread(session, long_reply, sizeof long_reply, 0));
        close(ends[1]);
        EXPECT_IS(waitpid(child, &status, 0), child);
        EXPECT(WIFEXITED(status));
        status = WEXITSTATUS(status);
        EXPECT_IS(fs_ftruncate(session, 0), 0);
    }
    EXPECT_IS(status, EBUSY);
}

static struct message* map_message(const char* path, int protection) {
    void* const memory =
        mmap(NULL, sizeof(struct message), protection, MAP_PRIVATE, open_as(path, O_RDONLY), 0);

    EXPECT(memory != MAP_FAILED);
    return memory;
}

static int send_mapped(int fd, struct message* m) {
    return fs_ioctl(fd, VEXFS_IOC(VEXFS_OP_HELLO, sizeof *m), m) == 0 ? 0 : -errno;
}

/* A file with a HELLO that asks for the largest reply. */
static void make_message(const char* path) {
    struct message m;

    begin(&m, VEXFS_OP_HELLO, 0, NULL, 0);
    m.msg.room = sizeof m;
    make_file(path, 0644);
    EXPECT_IS(fs_pwrite(open_as(path, O_WRONLY), &m, sizeof m, 0), sizeof m);
}

/* The pages of the message are the engine's to bring, and those of the reply are copies of them. */
static void a_message_lies_in_a_file_of_the_mount(void) {
    const int fd = open_as(".", O_RDONLY);

    for (int i = 0; i < MORE_THAN_SLOTS; i++) {
        char path[32];
        struct message* m;

        snprintf(path, sizeof path, "message%d", i);
        make_message(path);
        m = map_message(path, PROT_READ | PROT_WRITE);
        EXPECT_IS(send_mapped(fd, m), 0);
        EXPECT_IS(m->msg.status, 0);
        EXPECT_IS(m->msg.size, sizeof m->msg + m->msg.body);
        EXPECT_IS(m->bytes[m->msg.size], UNTOUCHED);
        EXPECT_IS(m->bytes[sizeof *m - 1], UNTOUCHED);
        EXPECT_IS(munmap(m, sizeof *m), 0);
    }
}

static void a_message_out_of_reach_is_refused(void) {
    const int fd = open_as(".", O_RDONLY);
    struct message* unread;
    struct message* unwritten;
    struct message m;

    make_message("message");
    unread = map_message("message", PROT_NONE);
    unwritten = map_message("message", PROT_READ);
    for (int i = 0; i < MORE_THAN_SLOTS; i++) {
        EXPECT_IS(send_mapped(fd, unread), -EFAULT);
        EXPECT_IS(send_mapped(fd, unwritten), -EFAULT);
        EXPECT_IS(send_mapped(fd, NULL), -EFAULT);
    }
    begin(&m, VEXFS_OP_HELLO, 0, NULL, 0);
    EXPECT_IS(send(fd, &m), 0);
}

const struct abi_case mounted_cases[] = {
    {"O_PATH takes no op", a_descriptor_of_a_path_only_takes_nothing},
    {"a copy of a descriptor is the same session", a_copy_of_a_descriptor_is_the_same_session},
    {"a write and a read linked in an io_uring are a call", a_linked_write_and_read_are_a_call},
    {"a signal ends the read of a session: EINTR, and the next read has the reply",
     a_signal_ends_a_read},
    {"a write while a message is executed is EBUSY", a_write_beside_a_read_is_refused},
    {"a message may lie in a mapped file of the mount itself",
     a_message_lies_in_a_file_of_the_mount},
    {"a message that cannot be read, or written for the reply, is EFAULT",
     a_message_out_of_reach_is_refused},
    {NULL, NULL},
};
