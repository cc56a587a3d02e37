/* SPDX-License-Identifier: Apache-2.0 */
/* Sessions: `.vexfs/call`, and PART_PUT and PART_GET. */
#include "vm-tests/cases/abi/message.h"

static void stage(int session, struct message* m, unsigned room) {
    m->msg.room = room;
    EXPECT_IS(fs_pwrite(session, m, m->msg.size, 0), m->msg.size);
}

static int status_in(int session) {
    struct vexfs_msg reply;

    EXPECT_IS(fs_pread(session, &reply, sizeof reply, 0), sizeof reply);
    return reply.status;
}

static void a_message_goes_in_by_pieces(void) {
    const int session = open_as(".vexfs/call", O_RDWR);
    struct message reply;
    struct message m;

    begin(&m, VEXFS_OP_HELLO, 0, NULL, 0);
    m.msg.room = 4096;
    EXPECT_IS(fs_pread(session, &reply, sizeof reply, 0), -1);
    EXPECT_IS(errno, EINVAL);
    EXPECT_IS(fs_pwrite(session, m.bytes + 20, 12, 20), 12);
    EXPECT_IS(fs_pwrite(session, m.bytes, 4, 0), 4);
    EXPECT_IS(fs_pread(session, &reply, sizeof reply, 0), -1);
    EXPECT_IS(errno, EINVAL);
    EXPECT_IS(fs_pwrite(session, m.bytes + 4, 20, 4), 20);
    const ssize_t bytes = fs_pread(session, &reply, sizeof reply, 0);
    EXPECT_IS(bytes, reply.msg.size);
    EXPECT_IS(reply.msg.status, 0);
    EXPECT_IS(reply.msg.op, VEXFS_OP_HELLO);
    /* It is kept, and read in slices. */
    struct message slice;
    EXPECT_IS(fs_pread(session, &slice, 16, 8), 16);
    EXPECT(memcmp(&slice, reply.bytes + 8, 16) == 0);
    EXPECT_IS(fs_pread(session, &slice, 16, bytes), 0);
    /* ftruncate drops a message that is not whole. */
    EXPECT_IS(fs_pwrite(session, m.bytes, 8, 0), 8);
    EXPECT_IS(fs_ftruncate(session, 0), 0);
    EXPECT_IS(fs_pwrite(session, m.bytes + 8, m.msg.size - 8, 8), m.msg.size - 8);
    EXPECT_IS(fs_pread(session, &slice, 16, 0), -1);
    EXPECT_IS(errno, EINVAL);
}

static void each_open_is_a_session_of_its_own(void) {
    const int one = open_as(".vexfs/call", O_RDWR);
    const int other = open_as(".vexfs/call", O_RDWR);
    struct message m;

    begin(&m, VEXFS_OP_HELLO, 0, NULL, 0);
    stage(one, &m, 4096);
    EXPECT_IS(fs_pread(other, &m, sizeof m, 0), -1);
    EXPECT_IS(errno, EINVAL);
    EXPECT_IS(status_in(one), 0);
}

/* A 4,096-d f32 query is one byte too long for an ioctl. */
static void a_long_query_goes_through(void) {
    enum { kDim = 4096 };
    static float vector[kDim];
    static char message[sizeof(struct vexfs_msg) + sizeof(struct vexfs_search) + sizeof vector];
    struct vexfs_msg* const msg = (struct vexfs_msg*)message;
    struct vexfs_search* const body = (struct vexfs_search*)(msg + 1);
    struct vexfs_schema schema = plain_schema();
    struct message reply;
    int session;

    schema.dim = kDim;
    make_directory("c", 0755);
    EXPECT_IS(schema_set(open_as("c", O_RDONLY), &schema, 0), 0);
    session = open_as("c/.vexfs/call", O_RDWR);
    msg->size = sizeof message;
    msg->room = sizeof reply;
    msg->op = VEXFS_OP_SEARCH;
    msg->version = VEXFS_ABI_VERSION;
    msg->body = sizeof *body;
    body->queries = 1;
    body->dim = kDim;
    body->element = VEXFS_ELEMENT_F32;
    body->k = 3;
    EXPECT_IS(fs_pwrite(session, message, sizeof message, 0), sizeof message);
    EXPECT(fs_pread(session, &reply, sizeof reply, 0) > 0);
    EXPECT_IS(reply.msg.status, 0);
    EXPECT_IS(answer_of(&reply)->found, 0);
    EXPECT_IS(answer_of(&reply)->why, VEXFS_SHORT_ROWS);
}

static void the_way_it_was_opened_holds(void) {
    const struct vexfs_schema schema = plain_schema();
    struct message m;
    int session;

    EXPECT_IS(fs_open(".vexfs/call", O_RDWR | O_APPEND), -1);
    EXPECT_IS(errno, EINVAL);
    make_directory("d", 0755);
    session = open_as("d/.vexfs/call", O_RDONLY);
    begin(&m, VEXFS_OP_PART_PUT, VEXFS_PART_FIRST, NULL, 0);
    struct message inner;
    begin(&inner, VEXFS_OP_SCHEMA_SET, 0, &schema, sizeof schema);
    inner.msg.room = 4096;
    struct vexfs_part_put part = {0, inner.msg.size};
    begin(&m, VEXFS_OP_PART_PUT, VEXFS_PART_FIRST, &part, sizeof part);
    add(&m, &inner, inner.msg.size);
    EXPECT_IS(send(session, &m), 0);
    EXPECT_IS(status_in(session), -EBADF);
    session = open_as("d/.vexfs/call", O_RDWR);
    stage(session, &inner, 4096);
    EXPECT_IS(status_in(session), 0);
}

static void it_has_the_rights_of_its_opener(void) {
    const int fd = make_collection("c");
    struct vexfs_search body;
    const float query[DIM] = {0};
    struct message m;
    int session;

    make_file("c/root", 0600);
    make_file("c/team", 0640);
    EXPECT_IS(fs_chown("c/team", 0, TEAM), 0);
    EXPECT_IS(put_one(fd, "root", 1), 0);
    EXPECT_IS(put_one(fd, "team", 2), 0);
    become(BOB, BOB, TEAM);
    session = open_as("c/.vexfs/call", O_RDWR);
    become(0, 0, 0);
    memset(&body, 0, sizeof body);
    body.queries = 1;
    body.dim = DIM;
    body.element = VEXFS_ELEMENT_F32;
    body.k = 9;
    begin(&m, VEXFS_OP_SEARCH, VEXFS_SEARCH_PATHS, &body, sizeof body);
    add(&m, query, sizeof query);
    stage(session, &m, sizeof m);
    EXPECT(fs_pread(session, &m, sizeof m, 0) > 0);
    EXPECT_IS(answer_of(&m)->found, 1);
    EXPECT(strcmp(path_of(&m, 0), "team") == 0);
}

static void it_is_as_readable_as_its_directory(void) {
    struct stat found;
    struct listed names[16];

    make_directory("open", 0755);
    make_directory("closed", 0700);
    EXPECT_IS(fs_stat("open/.vexfs/call", &found), 0);
    EXPECT(S_ISREG(found.st_mode) && found.st_size >= VEXFS_MAX_MESSAGE);
    become(BOB, BOB, 0);
    EXPECT(fs_open("open/.vexfs/call", O_RDWR) >= 0);
    EXPECT_IS(fs_open("closed/.vexfs/call", O_RDWR), -1);
    EXPECT_IS(errno, EACCES);
    become(0, 0, 0);
    EXPECT_IS(fs_chmod("open", 0711), 0);
    become(BOB, BOB, 0);
    EXPECT_IS(fs_open("open/.vexfs/call", O_RDWR), -1);
    EXPECT_IS(errno, EACCES);
    become(0, 0, 0);
    EXPECT_IS(fs_list("open", names, 16), 0);
    EXPECT_IS(fs_unlink("open/.vexfs/call"), -1);
    EXPECT_IS(fs_rmdir("open/.vexfs"), -1);
    EXPECT_IS(fs_rmdir("open"), 0);
}

static void the_largest_message_has_an_end(void) {
    const int session = open_as(".vexfs/call", O_RDWR);
    const char one = 1;

    EXPECT_IS(fs_pwrite(session, &one, 1, VEXFS_MAX_MESSAGE), -1);
    EXPECT_IS(errno, EFBIG);
}

static void what_is_staged_is_bounded(void) {
    static char piece[1 << 20];
    const struct message hello = {{{0}}};
    struct vexfs_hello_reply reply;
    struct message m = hello;
    uint64_t staged = 0;
    int last = 0;

    begin(&m, VEXFS_OP_HELLO, 0, NULL, 0);
    EXPECT_IS(send(open_as(".", O_RDONLY), &m), 0);
    memcpy(&reply, body_of(&m), sizeof reply);
    become(ALICE, ALICE, 0);
    while (staged <= 2 * reply.max_staged) {
        const int session = open_as(".vexfs/call", O_RDWR);

        for (size_t at = 0; at + sizeof piece <= VEXFS_MAX_MESSAGE && last == 0;
             at += sizeof piece) {
            if (fs_pwrite(session, piece, sizeof piece, (off_t)at) < 0)
                last = errno;
            else
                staged += sizeof piece;
        }
        if (last != 0)
            break;
    }
    EXPECT_IS(last, ENOMEM);
    EXPECT(staged <= reply.max_staged);
    /* Others still have theirs. */
    become(BOB, BOB, 0);
    EXPECT_IS(fs_pwrite(open_as(".vexfs/call", O_RDWR), piece, sizeof piece, 0), sizeof piece);
}

static void parts_make_a_message_too(void) {
    const int session = open_as(".vexfs/call", O_RDONLY);
    struct vexfs_part_put part = {0, 16};
    struct vexfs_part_get wanted = {0, 8};
    struct message inner;
    struct message m;

    begin(&inner, VEXFS_OP_HELLO, 0, NULL, 0);
    inner.msg.room = 4096;
    begin(&m, VEXFS_OP_PART_GET, 0, &wanted, sizeof wanted);
    EXPECT_IS(send(session, &m), -EINVAL);
    begin(&m, VEXFS_OP_PART_PUT, VEXFS_PART_FIRST, &part, sizeof part);
    add(&m, inner.bytes, 16);
    EXPECT_IS(send(session, &m), 0);
    EXPECT_IS(((struct vexfs_part_put_reply*)body_of(&m))->staged, 16);
    part.offset = 16;
    begin(&m, VEXFS_OP_PART_PUT, 0, &part, sizeof part);
    add(&m, inner.bytes + 16, 16);
    EXPECT_IS(send(session, &m), 0);
    EXPECT_IS(((struct vexfs_part_put_reply*)body_of(&m))->size, 32);
    begin(&m, VEXFS_OP_PART_GET, 0, &wanted, sizeof wanted);
    EXPECT_IS(send(session, &m), 0);
    const struct vexfs_part_get_reply* got = body_of(&m);
    EXPECT_IS(got->bytes, 8);
    EXPECT_IS(*(uint32_t*)payload_of(&m), got->size);
    /* A piece at 64 MiB, one of none, and what is no session. */
    part.offset = VEXFS_MAX_MESSAGE - 8;
    begin(&m, VEXFS_OP_PART_PUT, 0, &part, sizeof part);
    add(&m, inner.bytes, 16);
    EXPECT_IS(send(session, &m), -EFBIG);
    part.offset = part.bytes = 0;
    begin(&m, VEXFS_OP_PART_PUT, 0, &part, sizeof part);
    EXPECT_IS(send(session, &m), -EINVAL);
    begin(&m, VEXFS_OP_PART_GET, 0, &wanted, sizeof wanted);
    EXPECT_IS(send(open_as(".", O_RDONLY), &m), -ENOTTY);
    wanted.bytes = VEXFS_MAX_IOCTL;
    begin(&m, VEXFS_OP_PART_GET, 0, &wanted, sizeof wanted);
    EXPECT_IS(send(session, &m), -EMSGSIZE);
}

const struct abi_case session_cases[] = {
    {"a session takes a message by pieces and keeps the reply", a_message_goes_in_by_pieces},
    {"each open of call is a session of its own", each_open_is_a_session_of_its_own},
    {"a session carries a query that is too long for an ioctl", a_long_query_goes_through},
    {"a session opened for reading changes nothing: EBADF", the_way_it_was_opened_holds},
    {"a session has the rights that its opener had", it_has_the_rights_of_its_opener},
    {"call is as readable as its directory, and in no listing", it_is_as_readable_as_its_directory},
    {"a message over 64 MiB is EFBIG", the_largest_message_has_an_end},
    {"what a user may stage is bounded: ENOMEM, and others have theirs", what_is_staged_is_bounded},
    {"PART_PUT and PART_GET carry a message where call is read-only", parts_make_a_message_too},
    {NULL, NULL},
};
