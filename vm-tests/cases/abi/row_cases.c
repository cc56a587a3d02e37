/* SPDX-License-Identifier: Apache-2.0 */
/* PUT, GET, DROP and STAT: what goes in comes out. */
#include "vm-tests/cases/abi/message.h"

static const float three[3 * DIM] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};

static void rows_come_out_as_they_went_in(void) {
    const int fd = make_collection("c");
    struct message m;

    make_file("c/f", 0644);
    EXPECT_IS(put(fd, 0, "f", 0, 3, three), 0);
    EXPECT_IS(get(fd, ino_of("c/f"), NULL, VEXFS_GET_VECTORS | VEXFS_GET_ROWS, &m), 0);
    const struct vexfs_get_reply* reply = body_of(&m);
    EXPECT(reply->ino == ino_of("c/f"));
    EXPECT_IS(reply->rows, 3);
    EXPECT_IS(reply->total, 3);
    EXPECT_IS(reply->dim, DIM);
    EXPECT_IS(reply->element, VEXFS_ELEMENT_F32);
    const struct vexfs_row* rows = payload_of(&m);
    EXPECT(memcmp(rows + 3, three, sizeof three) == 0);
    for (int i = 0; i < 3; i++)
        EXPECT(rows[i].meta.tag == 0 && rows[i].meta.length == 0 &&
               (rows[i].flags & (VEXFS_ROW_STALE | VEXFS_ROW_DAMAGED)) == 0);
    /* Without pieces it counts. */
    EXPECT_IS(get(fd, 0, "f", 0, &m), 0);
    EXPECT_IS(((struct vexfs_get_reply*)body_of(&m))->rows, 3);
}

static void put_appends_overwrites_and_truncates(void) {
    const int fd = make_collection("c");
    struct vexfs_stat_reply stat;
    struct message m;

    make_file("c/f", 0644);
    EXPECT_IS(put(fd, 0, "f", VEXFS_ROW_APPEND, 2, three), 0);
    EXPECT_IS(put(fd, 0, "f", VEXFS_ROW_APPEND, 1, three), 0);
    EXPECT_IS(put(fd, 0, "f", 1, 1, three + 2 * DIM), 0);
    EXPECT_IS(put(fd, 0, "f", 4, 1, three), -EINVAL);
    EXPECT_IS(get(fd, 0, "f", VEXFS_GET_VECTORS, &m), 0);
    const float* vectors = payload_of(&m);
    EXPECT(vectors[0] == 1 && vectors[DIM] == 9 && vectors[2 * DIM] == 1);

    struct vexfs_put body;
    struct vexfs_put_file file;
    struct vexfs_row_meta meta = {42, 100, 50};
    memset(&body, 0, sizeof body);
    memset(&file, 0, sizeof file);
    file.file.name = 1;
    file.rows = 1;
    body.files = body.rows = body.metas = body.names = 1;
    body.dim = DIM;
    body.element = VEXFS_ELEMENT_F32;
    begin(&m, VEXFS_OP_PUT, VEXFS_PUT_TRUNCATE, &body, sizeof body);
    add(&m, &file, sizeof file);
    add(&m, &meta, sizeof meta);
    add(&m, three, DIM * sizeof(float));
    add(&m, "f", 1);
    EXPECT_IS(send(fd, &m), 0);
    const struct vexfs_put_status* status = payload_of(&m);
    EXPECT(status->ino == ino_of("c/f"));
    EXPECT_IS(status->total, 1);
    EXPECT_IS(stat_rows(fd, "f", 0, &stat), 0);
    EXPECT_IS(stat.rows, 1);
    EXPECT_IS(get(fd, 0, "f", VEXFS_GET_ROWS, &m), 0);
    EXPECT(memcmp(payload_of(&m), &meta, sizeof meta) == 0);
}

static void drop_removes_a_tail_or_all(void) {
    const int fd = make_collection("c");
    struct vexfs_drop_reply reply;

    make_file("c/f", 0644);
    EXPECT_IS(put(fd, 0, "f", 0, 3, three), 0);
    EXPECT_IS(drop(fd, 0, "f", 2, &reply), 0);
    EXPECT_IS(reply.dropped, 1);
    EXPECT_IS(reply.total, 2);
    EXPECT_IS(drop(fd, 0, "f", 7, &reply), 0);
    EXPECT_IS(reply.dropped, 0);
    EXPECT_IS(drop(fd, 0, "f", 0, &reply), 0);
    EXPECT_IS(reply.total, 0);
    EXPECT_IS(drop(fd, 0, "f", 0, &reply), 0);
    EXPECT_IS(reply.dropped, 0);
}

static void a_change_of_the_data_makes_rows_stale(void) {
    const int fd = make_collection("c");
    struct message m;

    make_file("c/f", 0644);
    EXPECT_IS(put_one(fd, "f", 1), 0);
    EXPECT_IS(fs_chmod("c/f", 0600), 0);
    EXPECT_IS(search(fd, 1, 1, 0, NULL, &m), 0);
    EXPECT_IS(hits_of(&m)[0].flags & VEXFS_HIT_STALE, 0);
    EXPECT_IS(fs_pwrite(open_as("c/f", O_WRONLY), "x", 1, 0), 1);
    EXPECT_IS(search(fd, 1, 1, 0, NULL, &m), 0);
    EXPECT_IS(hits_of(&m)[0].flags & VEXFS_HIT_STALE, VEXFS_HIT_STALE);
    EXPECT(strcmp(names_found(fd, 1, 9, "stale"), "f ") == 0);
    EXPECT_IS(put_one(fd, "f", 1), 0);
    EXPECT(strcmp(names_found(fd, 1, 9, "stale"), "") == 0);
}

/* Three files: one there, one not, one that is a directory. */
static void several_files_have_a_status_each(void) {
    static const char names[] = "anodir";
    const unsigned lengths[3] = {1, 2, 3};
    const int fd = make_collection("c");
    struct vexfs_put body;
    struct message m;

    make_file("c/a", 0644);
    make_directory("c/dir", 0755);
    memset(&body, 0, sizeof body);
    body.files = body.rows = 3;
    body.names = 6;
    body.dim = DIM;
    body.element = VEXFS_ELEMENT_F32;
    begin(&m, VEXFS_OP_PUT, 0, &body, sizeof body);
    for (int i = 0; i < 3; i++) {
        struct vexfs_put_file file;

        memset(&file, 0, sizeof file);
        file.file.name = lengths[i];
        file.rows = 1;
        add(&m, &file, sizeof file);
    }
    add(&m, three, sizeof three);
    add(&m, names, 6);
    struct message again = m;
    EXPECT_IS(send(fd, &m), 0);
    const struct vexfs_put_reply* reply = body_of(&m);
    EXPECT_IS(reply->files, 3);
    EXPECT_IS(reply->failed, 2);
    EXPECT_IS(reply->rows, 1);
    const struct vexfs_put_status* status = payload_of(&m);
    EXPECT_IS(status[0].status, 0);
    EXPECT(status[0].ino == ino_of("c/a"));
    EXPECT_IS(status[0].total, 1);
    EXPECT_IS(status[1].status, -ENOENT);
    EXPECT(status[1].ino == 0);
    EXPECT_IS(status[2].status, -EISDIR);
    /* By way of a file only that file is put. */
    m = again;
    EXPECT_IS(send(open_as("c/a", O_WRONLY), &m), -ENOTDIR);
}

static void deleting_a_file_hides_its_rows(void) {
    const int fd = make_collection("c");
    struct vexfs_stat_reply stat;

    make_file("c/a", 0644);
    make_file("c/b", 0644);
    EXPECT_IS(put_one(fd, "a", 1), 0);
    EXPECT_IS(put_one(fd, "b", 2), 0);
    EXPECT_IS(fs_unlink("c/a"), 0);
    EXPECT(strcmp(names_found(fd, 1, 9, NULL), "b ") == 0);
    EXPECT_IS(stat_rows(fd, NULL, 0, &stat), 0);
    EXPECT_IS(stat.rows, 1);
    EXPECT_IS(stat.files, 1);
}

static void a_large_reply_says_what_it_needs(void) {
    static float many[200 * DIM];
    const int fd = make_collection("c");
    struct vexfs_get body;
    struct message m;

    make_file("c/f", 0644);
    EXPECT_IS(put(fd, 0, "f", 0, 200, many), 0);
    memset(&body, 0, sizeof body);
    body.file.name = 1;
    begin(&m, VEXFS_OP_GET, VEXFS_GET_VECTORS, &body, sizeof body);
    add(&m, "f", 1);
    struct message again = m;
    EXPECT_IS(send_in(fd, &m, 1024), -EMSGSIZE);
    const unsigned needed = (unsigned)failure_of(&m)->needed;
    EXPECT_IS(needed, sizeof m.msg + sizeof(struct vexfs_get_reply) + sizeof many);
    m = again;
    EXPECT_IS(send_in(fd, &m, needed - 8), -EMSGSIZE);
    m = again;
    EXPECT_IS(send_in(fd, &m, needed), 0);
    EXPECT_IS(m.msg.size, needed);
}

const struct abi_case row_cases[] = {
    {"GET returns the bits that PUT took", rows_come_out_as_they_went_in},
    {"PUT appends, overwrites and truncates", put_appends_overwrites_and_truncates},
    {"DROP removes a tail or all, and none is success", drop_removes_a_tail_or_all},
    {"a write makes rows stale until they are put again", a_change_of_the_data_makes_rows_stale},
    {"PUT of several files has a status for each", several_files_have_a_status_each},
    {"the rows of a deleted file are found no more", deleting_a_file_hides_its_rows},
    {"a reply that does not fit is EMSGSIZE and says what it needs",
     a_large_reply_says_what_it_needs},
    {NULL, NULL},
};
