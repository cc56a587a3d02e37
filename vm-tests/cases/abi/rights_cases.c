/* SPDX-License-Identifier: Apache-2.0 */
/* Who may call what: a case for each row of the table of rights in ioctl/README.md. */
#include "vm-tests/cases/abi/message.h"

#define VECTOR ((const float[DIM]){1, 1, 1, 1})

/* A collection of root with files that are: everybody's, the team's, alice's, nobody else's. */
static int make_shared(void) {
    const int fd = make_collection("c");

    make_file("c/all", 0666);
    make_file("c/team", 0660);
    make_file("c/alice", 0600);
    make_file("c/root", 0600);
    EXPECT_IS(fs_chown("c/team", 0, TEAM), 0);
    EXPECT_IS(fs_chown("c/alice", ALICE, ALICE), 0);
    EXPECT_IS(put_one(fd, "all", 1), 0);
    EXPECT_IS(put_one(fd, "team", 2), 0);
    EXPECT_IS(put_one(fd, "alice", 3), 0);
    EXPECT_IS(put_one(fd, "root", 4), 0);
    return fd;
}

static void hello_and_schema_want_to_read(void) {
    struct vexfs_schema_reply schema;
    struct message m;
    int fd;

    make_shared();
    fd = open_as("c/all", O_WRONLY);
    begin(&m, VEXFS_OP_HELLO, 0, NULL, 0);
    EXPECT_IS(send(fd, &m), -EBADF);
    EXPECT_IS(schema_get(fd, &schema), -EBADF);
    become(BOB, BOB, 0);
    begin(&m, VEXFS_OP_HELLO, 0, NULL, 0);
    EXPECT_IS(send(open_as("c", O_RDONLY), &m), 0);
    EXPECT_IS(schema_get(open_as("c/all", O_RDONLY), &schema), 0);
}

static void a_search_sees_what_the_caller_may_read(void) {
    make_shared();
    EXPECT(strcmp(names_found(open_as("c", O_RDONLY), 1, 9, NULL), "all team alice root ") == 0);
    become(ALICE, ALICE, 0);
    EXPECT(strcmp(names_found(open_as("c", O_RDONLY), 1, 9, NULL), "all alice ") == 0);
    become(BOB, BOB, 0);
    EXPECT(strcmp(names_found(open_as("c", O_RDONLY), 1, 9, NULL), "all ") == 0);
    /* The group may be a supplementary one, or the one of the process. */
    become(BOB, BOB, TEAM);
    EXPECT(strcmp(names_found(open_as("c", O_RDONLY), 1, 9, NULL), "all team ") == 0);
    become(BOB, TEAM, 0);
    EXPECT(strcmp(names_found(open_as("c", O_RDONLY), 1, 9, NULL), "all team ") == 0);
}

/* The same descriptor: an ioctl has the rights of whoever calls it. */
static void a_search_has_the_rights_of_its_caller(void) {
    const int fd = make_shared();

    become(BOB, BOB, 0);
    EXPECT(strcmp(names_found(fd, 1, 9, NULL), "all ") == 0);
    become(0, 0, 0);
    EXPECT(strcmp(names_found(fd, 1, 9, NULL), "all team alice root ") == 0);
}

static void a_search_walks_as_the_caller_may(void) {
    const int fd = make_collection("c");

    make_directory("c/open", 0755);
    make_directory("c/open/closed", 0711);
    make_file("c/open/near", 0644);
    make_file("c/open/closed/hidden", 0644);
    EXPECT_IS(put(fd, ino_of("c/open/near"), NULL, 0, 1, VECTOR), 0);
    EXPECT_IS(put(fd, ino_of("c/open/closed/hidden"), NULL, 0, 1, VECTOR), 0);
    become(BOB, BOB, 0);
    EXPECT(strcmp(names_found(fd, 1, 9, NULL), "open/near ") == 0);
    become(0, 0, 0);
    EXPECT_IS(fs_chmod("c/open/closed", 0755), 0);
    become(BOB, BOB, 0);
    EXPECT(strcmp(names_found(fd, 1, 9, "path \"*hidden\""), "open/closed/hidden ") == 0);
    become(0, 0, 0);
    EXPECT_IS(fs_chmod("c/open/closed/hidden", 0600), 0);
    become(BOB, BOB, 0);
    EXPECT(strcmp(names_found(fd, 1, 9, NULL), "open/near ") == 0);
}

static void a_file_is_seen_by_any_of_its_paths(void) {
    const int fd = make_collection("c");

    make_directory("c/closed", 0700);
    make_directory("c/open", 0755);
    make_file("c/closed/f", 0644);
    EXPECT_IS(put(fd, ino_of("c/closed/f"), NULL, 0, 1, VECTOR), 0);
    become(BOB, BOB, 0);
    EXPECT(strcmp(names_found(fd, 1, 9, NULL), "") == 0);
    become(0, 0, 0);
    EXPECT_IS(fs_link("c/closed/f", "c/open/g"), 0);
    become(BOB, BOB, 0);
    EXPECT(strcmp(names_found(fd, 1, 9, NULL), "open/g ") == 0);
    become(0, 0, 0);
    EXPECT_IS(fs_unlink("c/open/g"), 0);
    become(BOB, BOB, 0);
    EXPECT(strcmp(names_found(fd, 1, 9, NULL), "") == 0);
}

static void searches_want_a_directory(void) {
    struct vexfs_explain record;
    struct vexfs_path body;
    uint64_t ino = 1;
    struct message m;
    int fd;

    make_shared();
    fd = open_as("c/all", O_RDONLY);
    EXPECT_IS(search(fd, 1, 1, 0, NULL, &m), -ENOTDIR);
    EXPECT_IS(explain(fd, 1, 0, &record), -ENOTDIR);
    memset(&body, 0, sizeof body);
    body.inos = 1;
    begin(&m, VEXFS_OP_PATH, 0, &body, sizeof body);
    add(&m, &ino, sizeof ino);
    EXPECT_IS(send(fd, &m), -ENOTDIR);
}

static void totals_are_the_owners(void) {
    struct vexfs_explain record;
    struct vexfs_stat_reply stat;
    const int fd = make_shared();

    become(ALICE, ALICE, 0);
    EXPECT_IS(explain(fd, 1, VEXFS_EXPLAIN_TOTALS, &record), -EPERM);
    EXPECT_IS(stat_rows(fd, NULL, VEXFS_STAT_TOTALS, &stat), -EPERM);
    EXPECT_IS(explain(fd, 1, 0, &record), 0);
    EXPECT_IS(record.visible, 2);
    EXPECT_IS(stat_rows(fd, NULL, 0, &stat), 0);
    EXPECT_IS(stat.rows, 2);
    EXPECT_IS(stat.files, 2);
    EXPECT_IS(stat.total_rows, 0);
    become(0, 0, 0);
    EXPECT_IS(fs_chown("c", ALICE, ALICE), 0);
    become(ALICE, ALICE, 0);
    EXPECT_IS(explain(fd, 1, VEXFS_EXPLAIN_TOTALS, &record), 0);
    EXPECT_IS(record.rows, 4);
    EXPECT_IS(stat_rows(fd, NULL, VEXFS_STAT_TOTALS, &stat), 0);
    EXPECT_IS(stat.rows, 2);
    EXPECT_IS(stat.total_rows, 4);
}

static void a_path_is_told_to_who_may_walk_it(void) {
    struct vexfs_path body;
    uint64_t inos[2];
    struct message m;
    const int fd = make_shared();

    inos[0] = ino_of("c/alice");
    inos[1] = ino_of("c/all");
    memset(&body, 0, sizeof body);
    body.inos = 2;
    become(BOB, BOB, 0);
    begin(&m, VEXFS_OP_PATH, 0, &body, sizeof body);
    add(&m, inos, sizeof inos);
    EXPECT_IS(send(fd, &m), 0);
    EXPECT(memcmp(payload_of(&m), "\0all\0", 5) == 0);
}

static void get_by_directory_wants_read_on_the_file(void) {
    const int fd = make_shared();
    struct vexfs_stat_reply stat;
    struct message m;

    make_directory("c/closed", 0700);
    make_file("c/closed/f", 0644);
    become(BOB, BOB, 0);
    EXPECT_IS(get(fd, 0, "all", 0, &m), 0);
    EXPECT_IS(get(fd, 0, "alice", 0, &m), -EACCES);
    EXPECT_IS(stat_rows(fd, "alice", 0, &stat), -EACCES);
    EXPECT_IS(get(fd, 0, "absent", 0, &m), -ENOENT);
    become(0, 0, 0);
    const uint64_t hidden = ino_of("c/closed/f");
    const uint64_t own = ino_of("c/alice");
    become(BOB, BOB, 0);
    EXPECT_IS(get(fd, hidden, NULL, 0, &m), -ENOENT);
    EXPECT_IS(get(fd, own, NULL, 0, &m), -EACCES);
    become(ALICE, ALICE, 0);
    EXPECT_IS(get(fd, own, NULL, 0, &m), 0);
}

static void get_by_file_has_the_right_of_the_open(void) {
    struct vexfs_stat_reply stat;
    struct message m;
    int fd;

    make_shared();
    become(ALICE, ALICE, 0);
    fd = open_as("c/alice", O_RDONLY);
    become(BOB, BOB, 0);
    EXPECT_IS(get(fd, 0, NULL, 0, &m), 0);
    EXPECT_IS(stat_rows(fd, NULL, 0, &stat), 0);
    EXPECT_IS(stat.flags & VEXFS_STAT_FILE, VEXFS_STAT_FILE);
    become(0, 0, 0);
    fd = open_as("c/alice", O_WRONLY);
    EXPECT_IS(get(fd, 0, NULL, 0, &m), -EBADF);
    EXPECT_IS(stat_rows(fd, NULL, 0, &stat), -EBADF);
    EXPECT_IS(get(open_as("c/alice", O_RDWR), 0, NULL, 0, &m), 0);
    /* A directory has no rows of its own, and a file no files. */
    EXPECT_IS(get(open_as("c", O_RDONLY), 0, NULL, 0, &m), -EISDIR);
    EXPECT_IS(get(open_as("c/alice", O_RDONLY), 0, "x", 0, &m), -ENOTDIR);
}

static void put_and_drop_by_directory_want_write_on_the_file(void) {
    const int fd = make_shared();
    const uint64_t own = ino_of("c/alice");

    make_file("c/readable", 0644);
    become(BOB, BOB, 0);
    EXPECT_IS(put_one(fd, "all", 9), 0);
    EXPECT_IS(put_one(fd, "readable", 9), -EACCES);
    EXPECT_IS(put_one(fd, "alice", 9), -EACCES);
    EXPECT_IS(put(fd, own, NULL, 0, 1, VECTOR), -EACCES);
    EXPECT_IS(put_one(fd, "absent", 9), -ENOENT);
    EXPECT_IS(drop(fd, 0, "readable", 0, NULL), -EACCES);
    EXPECT_IS(drop(fd, own, NULL, 0, NULL), -EACCES);
    EXPECT_IS(drop(fd, 0, "absent", 0, NULL), -ENOENT);
    EXPECT_IS(drop(fd, 0, "all", 0, NULL), 0);
    become(BOB, BOB, TEAM);
    EXPECT_IS(put_one(fd, "team", 9), 0);
    become(ALICE, ALICE, 0);
    EXPECT_IS(put(fd, own, NULL, 0, 1, VECTOR), 0);
}

static void put_and_drop_by_file_have_the_right_of_the_open(void) {
    int fd;

    make_shared();
    become(ALICE, ALICE, 0);
    fd = open_as("c/alice", O_WRONLY);
    become(BOB, BOB, 0);
    EXPECT_IS(put(fd, 0, NULL, VEXFS_ROW_APPEND, 1, VECTOR), 0);
    EXPECT_IS(drop(fd, 0, NULL, 1, NULL), 0);
    become(0, 0, 0);
    fd = open_as("c/alice", O_RDONLY);
    EXPECT_IS(put(fd, 0, NULL, 0, 1, VECTOR), -EBADF);
    EXPECT_IS(drop(fd, 0, NULL, 0, NULL), -EBADF);
    EXPECT_IS(put(open_as("c", O_RDONLY), 0, NULL, 0, 1, VECTOR), -EISDIR);
}

static void a_schema_is_the_owners(void) {
    const struct vexfs_schema schema = plain_schema();

    make_directory("d", 0777);
    make_file("f", 0666);
    EXPECT_IS(schema_set(open_as("f", O_RDWR), &schema, 0), -ENOTDIR);
    become(BOB, BOB, 0);
    EXPECT_IS(schema_set(open_as("d", O_RDONLY), &schema, 0), -EPERM);
    become(0, 0, 0);
    EXPECT_IS(fs_chown("d", BOB, BOB), 0);
    become(BOB, BOB, 0);
    EXPECT_IS(schema_set(open_as("d", O_RDONLY), &schema, 0), 0);
    become(ALICE, ALICE, 0);
    EXPECT_IS(schema_set(open_as("d", O_RDONLY), &schema, VEXFS_SCHEMA_UPDATE), -EPERM);
}

const struct abi_case rights_cases[] = {
    {"HELLO and SCHEMA_GET want a descriptor open for reading", hello_and_schema_want_to_read},
    {"SEARCH sees the files that its caller may read, by any group",
     a_search_sees_what_the_caller_may_read},
    {"SEARCH has the rights of its caller, whoever opened the descriptor",
     a_search_has_the_rights_of_its_caller},
    {"SEARCH sees what its caller may walk to, and a change at once",
     a_search_walks_as_the_caller_may},
    {"SEARCH sees a file by any of its paths", a_file_is_seen_by_any_of_its_paths},
    {"SEARCH, EXPLAIN and PATH want a directory", searches_want_a_directory},
    {"totals are the owner's, counts are of what the caller sees", totals_are_the_owners},
    {"PATH tells a path to who may walk it", a_path_is_told_to_who_may_walk_it},
    {"GET and STAT by directory want read on the file", get_by_directory_wants_read_on_the_file},
    {"GET and STAT by file have the right of the open", get_by_file_has_the_right_of_the_open},
    {"PUT and DROP by directory want write on the file",
     put_and_drop_by_directory_want_write_on_the_file},
    {"PUT and DROP by file have the right of the open",
     put_and_drop_by_file_have_the_right_of_the_open},
    {"SCHEMA_SET is the owner's", a_schema_is_the_owners},
    {NULL, NULL},
};
