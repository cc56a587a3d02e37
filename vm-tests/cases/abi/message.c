/* SPDX-License-Identifier: Apache-2.0 */
#include "vm-tests/cases/abi/message.h"

#define COOKIE 0x1122334455667788u

void begin(struct message* m, unsigned op, unsigned flags, const void* body, size_t body_bytes) {
    memset(m, UNTOUCHED, sizeof *m);
    memset(&m->msg, 0, sizeof m->msg);
    m->msg.size = (unsigned)(sizeof m->msg + body_bytes);
    m->msg.op = (unsigned short)op;
    m->msg.version = VEXFS_ABI_VERSION;
    m->msg.body = (unsigned short)body_bytes;
    m->msg.flags = flags;
    m->msg.cookie = COOKIE;
    if (body_bytes > 0)
        memcpy(m->bytes + sizeof m->msg, body, body_bytes);
}

void add(struct message* m, const void* piece, size_t bytes) {
    const size_t padded = VEXFS_PAD8(bytes);

    EXPECT(m->msg.size + padded <= sizeof m->bytes);
    memset(m->bytes + m->msg.size, 0, padded);
    if (bytes > 0)
        memcpy(m->bytes + m->msg.size, piece, bytes);
    m->msg.size += (unsigned)padded;
}

static void check_envelope(struct message* m, const struct message* sent, unsigned room,
                           int status) {
    unsigned end = m->msg.size;

    EXPECT_IS(m->msg.status, status);
    if (status != 0 && m->msg.status == 0)
        return;
    EXPECT(m->msg.size <= room && m->msg.size % 8 == 0);
    EXPECT_IS(m->msg.op, sent->msg.op);
    EXPECT_IS(m->msg.version, sent->msg.version);
    EXPECT(m->msg.cookie == sent->msg.cookie);
    EXPECT_IS(m->msg.flags, 0);
    if (status != 0) {
        const struct vexfs_failure* failure = failure_of(m);
        const char* text = (const char*)failure + m->msg.body;

        EXPECT(failure->text >= 2 && failure->text <= VEXFS_MAX_FAILURE_TEXT);
        EXPECT_IS(strlen(text) + 1, failure->text);
        EXPECT_IS(failure->needed != 0, status == -EMSGSIZE);
        EXPECT(failure->offset < sent->msg.size || failure->offset < sizeof sent->msg);
    }
    EXPECT(memcmp(m->bytes + end, sent->bytes + end, room - end) == 0);
}

int send_in(int fd, struct message* m, unsigned room) {
    static struct message sent;
    int status = 0;

    m->msg.room = room;
    sent = *m;
    if (fs_ioctl(fd, VEXFS_IOC(sent.msg.op, room), m) != 0)
        status = -errno;
    /* A descriptor that takes no ioctl at all leaves the buffer as it is. */
    if (status == 0 || m->msg.status != 0)
        check_envelope(m, &sent, room, status);
    else
        EXPECT(memcmp(m, &sent, sizeof sent) == 0);
    return status;
}

int send(int fd, struct message* m) {
    return send_in(fd, m, VEXFS_MAX_IOCTL);
}

void* body_of(struct message* m) {
    return m->bytes + sizeof m->msg;
}

void* payload_of(struct message* m) {
    return m->bytes + sizeof m->msg + m->msg.body;
}

const struct vexfs_failure* failure_of(struct message* m) {
    EXPECT(m->msg.status < 0);
    return body_of(m);
}

/* Copies as much of a reply's body as the caller knows. */
static void take_body(struct message* m, void* to, size_t bytes) {
    memset(to, 0, bytes);
    memcpy(to, body_of(m), m->msg.body < bytes ? m->msg.body : bytes);
}

struct vexfs_schema plain_schema(void) {
    struct vexfs_schema schema;

    memset(&schema, 0, sizeof schema);
    schema.dim = DIM;
    schema.element = VEXFS_ELEMENT_F32;
    schema.metric = VEXFS_METRIC_L2;
    return schema;
}

int schema_set(int fd, const struct vexfs_schema* schema, unsigned flags) {
    struct message m;

    begin(&m, VEXFS_OP_SCHEMA_SET, flags, schema, sizeof *schema);
    return send(fd, &m);
}

int schema_get(int fd, struct vexfs_schema_reply* reply) {
    struct message m;
    int status;

    begin(&m, VEXFS_OP_SCHEMA_GET, 0, NULL, 0);
    status = send(fd, &m);
    if (status == 0)
        take_body(&m, reply, sizeof *reply);
    return status;
}

int make_collection(const char* path) {
    const struct vexfs_schema schema = plain_schema();
    int fd;

    make_directory(path, 0755);
    fd = open_as(path, O_RDONLY | O_DIRECTORY);
    EXPECT_IS(schema_set(fd, &schema, 0), 0);
    return fd;
}

static struct vexfs_file file_of(uint64_t ino, const char* name) {
    struct vexfs_file file;

    memset(&file, 0, sizeof file);
    file.ino = ino;
    file.name = name != NULL ? (unsigned)strlen(name) : 0;
    return file;
}

int put(int fd, uint64_t ino, const char* name, unsigned first, unsigned rows,
        const float* vectors) {
    struct vexfs_put body;
    struct vexfs_put_file file;
    struct message m;

    memset(&body, 0, sizeof body);
    memset(&file, 0, sizeof file);
    file.file = file_of(ino, name);
    file.first = first;
    file.rows = rows;
    body.files = 1;
    body.rows = rows;
    body.names = file.file.name;
    body.dim = DIM;
    body.element = VEXFS_ELEMENT_F32;
    begin(&m, VEXFS_OP_PUT, 0, &body, sizeof body);
    add(&m, &file, sizeof file);
    add(&m, vectors, (size_t)rows * DIM * sizeof(float));
    add(&m, name, file.file.name);
    return send(fd, &m);
}

int put_one(int fd, const char* name, float value) {
    const float vector[DIM] = {value, value, value, value};

    return put(fd, 0, name, 0, 1, vector);
}

int get(int fd, uint64_t ino, const char* name, unsigned flags, struct message* reply) {
    struct vexfs_get body;

    memset(&body, 0, sizeof body);
    body.file = file_of(ino, name);
    begin(reply, VEXFS_OP_GET, flags, &body, sizeof body);
    add(reply, name, body.file.name);
    return send(fd, reply);
}

int drop(int fd, uint64_t ino, const char* name, unsigned first, struct vexfs_drop_reply* reply) {
    struct vexfs_drop body;
    struct message m;
    int status;

    memset(&body, 0, sizeof body);
    body.file = file_of(ino, name);
    body.first = first;
    begin(&m, VEXFS_OP_DROP, 0, &body, sizeof body);
    add(&m, name, body.file.name);
    status = send(fd, &m);
    if (status == 0 && reply != NULL)
        take_body(&m, reply, sizeof *reply);
    return status;
}

int stat_rows(int fd, const char* name, unsigned flags, struct vexfs_stat_reply* reply) {
    struct vexfs_stat body;
    struct message m;
    int status;

    memset(&body, 0, sizeof body);
    body.file = file_of(0, name);
    begin(&m, VEXFS_OP_STAT, flags, &body, sizeof body);
    add(&m, name, body.file.name);
    status = send(fd, &m);
    if (status == 0)
        take_body(&m, reply, sizeof *reply);
    return status;
}

static void begin_query(struct message* m, unsigned op, float value, unsigned k, unsigned flags,
                        const char* filter) {
    const float query[DIM] = {value, value, value, value};
    struct vexfs_search body;

    memset(&body, 0, sizeof body);
    body.queries = 1;
    body.dim = DIM;
    body.element = VEXFS_ELEMENT_F32;
    body.k = k;
    body.filter = filter != NULL ? (unsigned)strlen(filter) : 0;
    begin(m, op, flags, &body, sizeof body);
    add(m, query, sizeof query);
    add(m, filter, body.filter);
}

int search(int fd, float value, unsigned k, unsigned flags, const char* filter,
           struct message* reply) {
    begin_query(reply, VEXFS_OP_SEARCH, value, k, flags, filter);
    return send(fd, reply);
}

int explain(int fd, float value, unsigned flags, struct vexfs_explain* reply) {
    struct message m;
    int status;

    begin_query(&m, VEXFS_OP_EXPLAIN, value, 10, flags, NULL);
    status = send(fd, &m);
    if (status == 0)
        memcpy(reply, payload_of(&m), sizeof *reply);
    return status;
}

const struct vexfs_answer* answer_of(struct message* reply) {
    return payload_of(reply);
}

const struct vexfs_hit* hits_of(struct message* reply) {
    const struct vexfs_search_reply* body = body_of(reply);

    return (const struct vexfs_hit*)(answer_of(reply) + body->queries);
}

const char* path_of(struct message* reply, unsigned hit) {
    const struct vexfs_search_reply* body = body_of(reply);
    const char* path = (const char*)(hits_of(reply) + body->hits);

    EXPECT(body->vector_bytes == 0 && hit < body->hits);
    while (hit-- > 0)
        path += strlen(path) + 1;
    return path;
}

const char* names_found(int fd, float value, unsigned k, const char* filter) {
    static char names[VEXFS_MAX_IOCTL];
    size_t end = 0;
    struct message m;

    EXPECT_IS(search(fd, value, k, VEXFS_SEARCH_PATHS, filter, &m), 0);
    names[0] = '\0';
    for (unsigned i = 0; i < answer_of(&m)->found; i++)
        end += (size_t)snprintf(names + end, sizeof names - end, "%s ", path_of(&m, i));
    return names;
}
