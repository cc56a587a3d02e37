/* SPDX-License-Identifier: Apache-2.0 */
/* What is refused: messages that break the contract, each with its errno, and nothing changed. */
#include <math.h>

#include "vm-tests/cases/abi/message.h"

static int collection;

static void make_one_row(void) {
    collection = make_collection("c");
    make_file("c/f", 0644);
    EXPECT_IS(put_one(collection, "f", 1), 0);
}

static void headers(void) {
    struct message m;

    begin(&m, VEXFS_OP_HELLO, 0, NULL, 0);
    m.msg.version = 2;
    EXPECT_IS(send(collection, &m), -EPROTO);
    begin(&m, VEXFS_OP_HELLO, 0, NULL, 0);
    m.msg.op = 0x3f;
    EXPECT_IS(send(collection, &m), -ENOTTY);
    begin(&m, VEXFS_OP_HELLO, 1, NULL, 0);
    EXPECT_IS(send(collection, &m), -EINVAL);
    begin(&m, VEXFS_OP_HELLO, 0, NULL, 0);
    m.msg.zero = 1;
    EXPECT_IS(send(collection, &m), -EINVAL);
    begin(&m, VEXFS_OP_HELLO, 0, NULL, 0);
    m.msg.body = 8; /* longer than the message */
    EXPECT_IS(send(collection, &m), -EINVAL);
    begin(&m, VEXFS_OP_HELLO, 0, "\0\0\0\0\0\0\0\1", 8);
    EXPECT_IS(send(collection, &m), -E2BIG);
    begin(&m, VEXFS_OP_HELLO, 0, "\0\0\0\0\0\0\0\0", 8);
    EXPECT_IS(send(collection, &m), 0);
}

/* A header that cannot be answered: no reply, the buffer is as it was. */
static void headers_without_an_answer(void) {
    struct message m;
    struct message sent;

#define NO_ANSWER(change)                                                                          \
    do {                                                                                           \
        begin(&m, VEXFS_OP_HELLO, 0, NULL, 0);                                                     \
        m.msg.room = sizeof m;                                                                     \
        change;                                                                                    \
        sent = m;                                                                                  \
        EXPECT_IS(fs_ioctl(collection, VEXFS_IOC(VEXFS_OP_HELLO, sizeof m), &m), -1);              \
        EXPECT_IS(errno, EINVAL);                                                                  \
        EXPECT(memcmp(&m, &sent, sizeof m) == 0);                                                  \
    } while (0)
    NO_ANSWER(m.msg.size = 24);
    NO_ANSWER(m.msg.size = sizeof m + 8);
    NO_ANSWER(m.msg.room = VEXFS_ROOM_MIN - 8);
    NO_ANSWER(m.msg.room = 4096);
#undef NO_ANSWER
    begin(&m, VEXFS_OP_HELLO, 0, NULL, 0);
    m.msg.room = 64;
    EXPECT_IS(fs_ioctl(collection, VEXFS_IOC(VEXFS_OP_HELLO, 64), &m), -1);
    EXPECT_IS(errno, EINVAL);
    EXPECT_IS(fs_ioctl(collection, _IOC(_IOC_READ | _IOC_WRITE, 0x77, 1, sizeof m), &m), -1);
    EXPECT_IS(errno, ENOTTY);
}

static void the_number_of_an_ioctl(void) {
    struct message m;

    begin(&m, VEXFS_OP_HELLO, 0, NULL, 0);
    m.msg.room = sizeof m;
    EXPECT_IS(fs_ioctl(collection, VEXFS_IOC(VEXFS_OP_SYNC, sizeof m), &m), -1);
    EXPECT_IS(errno, EINVAL);
    EXPECT_IS(m.msg.status, -EINVAL);
}

static struct vexfs_search query(void) {
    struct vexfs_search body;

    memset(&body, 0, sizeof body);
    body.queries = 1;
    body.dim = DIM;
    body.element = VEXFS_ELEMENT_F32;
    body.k = 1;
    return body;
}

static int send_query(const struct vexfs_search* body, unsigned flags, const float* vector) {
    struct message m;

    begin(&m, VEXFS_OP_SEARCH, flags, body, sizeof *body);
    add(&m, vector, DIM * sizeof(float));
    return send(collection, &m);
}

static void searches(void) {
    const float plain[DIM] = {1, 1, 1, 1};
    const float with_nan[DIM] = {1, NAN, 1, 1};
    const float with_infinity[DIM] = {1, 1, 1, -INFINITY};
    const float longer[DIM + 2] = {0};
    struct vexfs_search bad = query();
    struct message m;

    EXPECT_IS(send_query(&bad, 0, plain), 0);
    EXPECT_IS(send_query(&bad, 0, with_nan), -EINVAL);
    EXPECT_IS(send_query(&bad, 0, with_infinity), -EINVAL);
    EXPECT_IS(send_query(&bad, VEXFS_EXPLAIN_TOTALS, plain), -EINVAL);
    EXPECT_IS(send_query(&bad, 1u << 31, plain), -EINVAL);
#define REFUSED(field, value)                                                                      \
    do {                                                                                           \
        bad = query();                                                                             \
        bad.field = (value);                                                                       \
        EXPECT_IS(send_query(&bad, 0, plain), -EINVAL);                                            \
    } while (0)
    REFUSED(k, 0);
    REFUSED(k, VEXFS_MAX_K + 1);
    REFUSED(ef, VEXFS_MAX_EF + 1);
    REFUSED(queries, 0);
    REFUSED(queries, 2);
    REFUSED(queries, VEXFS_MAX_QUERIES + 1);
    REFUSED(dim, 0);
    REFUSED(dim, DIM - 1);
    REFUSED(element, 0);
    REFUSED(element, VEXFS_ELEMENT_F16);
    REFUSED(radius, 1);
    REFUSED(zero, 1);
    REFUSED(zero2, 1);
    REFUSED(filter, 8);
    REFUSED(filter, VEXFS_MAX_FILTER + 1);
#undef REFUSED
    bad = query();
    bad.radius = NAN;
    EXPECT_IS(send_query(&bad, VEXFS_SEARCH_RADIUS, plain), -EINVAL);
    /* A shape that is whole, but not the schema's. */
    bad = query();
    bad.dim = DIM + 2;
    begin(&m, VEXFS_OP_SEARCH, 0, &bad, sizeof bad);
    add(&m, longer, sizeof longer);
    EXPECT_IS(send(collection, &m), -EINVAL);
    bad = query();
    bad.element = VEXFS_ELEMENT_I8;
    begin(&m, VEXFS_OP_SEARCH, 0, &bad, sizeof bad);
    add(&m, longer, DIM);
    EXPECT_IS(send(collection, &m), -EINVAL);
    /* Cut off, and with something behind it. */
    bad = query();
    begin(&m, VEXFS_OP_SEARCH, 0, &bad, sizeof bad);
    EXPECT_IS(send(collection, &m), -EINVAL);
    begin(&m, VEXFS_OP_SEARCH, 0, &bad, sizeof bad);
    add(&m, longer, sizeof longer);
    EXPECT_IS(send(collection, &m), -EINVAL);
}

static int send_put(const struct vexfs_put* body, const struct vexfs_put_file* file, unsigned flags,
                    const void* vectors, size_t bytes) {
    struct message m;

    begin(&m, VEXFS_OP_PUT, flags, body, sizeof *body);
    add(&m, file, sizeof *file);
    add(&m, vectors, bytes);
    add(&m, "f", 1);
    return send(collection, &m);
}

static void puts_of_rows(void) {
    const float plain[2 * DIM] = {0};
    const float with_nan[DIM] = {1, 1, 1, NAN};
    struct vexfs_put body;
    struct vexfs_put_file file;

#define RESET                                                                                      \
    memset(&body, 0, sizeof body);                                                                 \
    memset(&file, 0, sizeof file);                                                                 \
    body.files = body.rows = body.names = 1;                                                       \
    body.dim = DIM;                                                                                \
    body.element = VEXFS_ELEMENT_F32;                                                              \
    file.file.name = 1;                                                                            \
    file.rows = 1
#define REFUSED(change, code)                                                                      \
    do {                                                                                           \
        RESET;                                                                                     \
        change;                                                                                    \
        EXPECT_IS(send_put(&body, &file, 0, plain, DIM * sizeof(float)), -(code));                 \
    } while (0)
    RESET;
    EXPECT_IS(send_put(&body, &file, 0, plain, DIM * sizeof(float)), 0);
    EXPECT_IS(send_put(&body, &file, 0, with_nan, sizeof with_nan), -EINVAL);
    EXPECT_IS(send_put(&body, &file, 4, plain, DIM * sizeof(float)), -EINVAL);
    REFUSED(body.files = 0, EINVAL);
    REFUSED(body.files = VEXFS_MAX_FILES + 1, EINVAL);
    REFUSED(body.rows = 2, EINVAL);
    REFUSED(body.metas = 2, EINVAL);
    REFUSED(body.zero = 1, EINVAL);
    REFUSED(file.rows = 0, EINVAL);
    REFUSED(file.first = 9, EINVAL);
    REFUSED(file.data_version = 1u << 30, EINVAL);
    REFUSED(file.file.zero = 1, EINVAL);
    REFUSED(file.file.ino = 7, EINVAL);
    REFUSED(file.file.name = VEXFS_MAX_NAME + 1, ENAMETOOLONG);
    RESET;
    file.first = VEXFS_MAX_ROW;
    file.rows = body.rows = 2;
    EXPECT_IS(send_put(&body, &file, 0, plain, sizeof plain), -EFBIG);
    RESET;
    body.dim = 2 * DIM;
    EXPECT_IS(send_put(&body, &file, 0, plain, sizeof plain), -EINVAL);
    body.dim = DIM;
    body.element = VEXFS_ELEMENT_F16;
    EXPECT_IS(send_put(&body, &file, 0, plain, DIM * 2), -EINVAL);
#undef REFUSED
#undef RESET
}

static void names(void) {
    static const char* const bad[] = {".", "..", "a/b"};
    struct message m;

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        EXPECT_IS(get(collection, 0, bad[i], 0, &m), -EINVAL);
        EXPECT_IS(put_one(collection, bad[i], 1), -EINVAL);
    }
    make_directory("c/d", 0755);
    EXPECT_IS(fs_symlink("f", "c/l"), 0);
    EXPECT_IS(fs_mkfifo("c/p", 0644), 0);
    EXPECT_IS(put_one(collection, "d", 1), -EISDIR);
    EXPECT_IS(put_one(collection, "l", 1), -EINVAL);
    EXPECT_IS(put_one(collection, "p", 1), -EINVAL);
    EXPECT_IS(get(collection, 1ull << 40, NULL, 0, &m), -ENOENT);
}

static void places_outside(void) {
    struct vexfs_schema_reply schema;
    struct vexfs_stat_reply stat;
    struct message m;
    int fd;

    make_directory("plain", 0755);
    make_file("plain/f", 0644);
    fd = open_as("plain", O_RDONLY);
    EXPECT_IS(schema_get(fd, &schema), -ENODATA);
    EXPECT_IS(search(fd, 1, 1, 0, NULL, &m), -ENODATA);
    EXPECT_IS(stat_rows(fd, NULL, 0, &stat), -ENODATA);
    EXPECT_IS(stat_rows(fd, "f", 0, &stat), -ENODATA);
    EXPECT_IS(get(fd, 0, "f", 0, &m), -ENODATA);
    EXPECT_IS(put_one(fd, "f", 1), -ENODATA);
    EXPECT_IS(drop(fd, 0, "f", 0, NULL), -ENODATA);
}

static void reserved_names(void) {
    static const char* const reserved[] = {"c/.vexfs", "c/.similar"};

    for (size_t i = 0; i < 2; i++) {
        EXPECT_IS(fs_mkdir(reserved[i], 0755), -1);
        EXPECT(errno == EPERM || errno == EEXIST);
        EXPECT_IS(fs_rename("c/f", reserved[i]), -1);
        EXPECT_IS(fs_link("c/f", reserved[i]), -1);
    }
}

/* After all of these, what was there is there. */
static void check_unchanged(void) {
    struct message m;

    EXPECT_IS(search(collection, 1, 9, VEXFS_SEARCH_VECTORS, NULL, &m), 0);
    EXPECT_IS(answer_of(&m)->found, 1);
}

#define CASE(name)                                                                                 \
    static void name##_are_refused(void) {                                                         \
        make_one_row();                                                                            \
        name();                                                                                    \
        check_unchanged();                                                                         \
    }
CASE(headers)
CASE(headers_without_an_answer)
CASE(searches)
CASE(puts_of_rows)
CASE(names)
CASE(places_outside)
CASE(reserved_names)
CASE(the_number_of_an_ioctl)

const struct abi_case message_cases[] = {
    {"a header that breaks a rule is refused with its errno", headers_are_refused},
    {"a header that cannot be answered has no reply", headers_without_an_answer_are_refused},
    {"an ioctl of another number than its message is EINVAL", the_number_of_an_ioctl_are_refused},
    {"SEARCH refuses each field out of its range, NaN and infinity", searches_are_refused},
    {"PUT refuses each field out of its range, and a NaN as a whole", puts_of_rows_are_refused},
    {"a name that is none, or of no regular file, is refused", names_are_refused},
    {"outside of a collection is ENODATA", places_outside_are_refused},
    {"reserved names cannot be made", reserved_names_are_refused},
    {NULL, NULL},
};
