/* SPDX-License-Identifier: Apache-2.0 */
/* What else of rows a program sees: attributes and `.similar`. */

#include "vm-tests/cases/abi/message.h"

#define VECTOR "user.vexfs.vector"
#define ROWS "user.vexfs.rows"

static const float two[2 * DIM] = {1, 1, 1, 1, 2, 2, 2, 2};

static void an_attribute_is_the_rows(void) {
    const float infinite[DIM] = {1, 1, 1, 1.0f / 0.0f};
    const int fd = make_collection("c");
    float read_back[2 * DIM];
    struct message m;

    make_file("c/f", 0644);
    EXPECT_IS(fs_setxattr("c/f", VECTOR, two, sizeof two), 0);
    EXPECT_IS(get(fd, 0, "f", VEXFS_GET_VECTORS, &m), 0);
    EXPECT_IS(((struct vexfs_get_reply*)body_of(&m))->rows, 2);
    EXPECT(memcmp(payload_of(&m), two, sizeof two) == 0);
    EXPECT(strcmp(names_found(fd, 1, 1, NULL), "f ") == 0);
    EXPECT_IS(fs_getxattr("c/f", VECTOR, read_back, sizeof read_back), sizeof two);
    EXPECT(memcmp(read_back, two, sizeof two) == 0);
    /* What is no row changes nothing. */
    EXPECT_IS(fs_setxattr("c/f", VECTOR, two, sizeof two - 1), -1);
    EXPECT_IS(errno, EINVAL);
    EXPECT_IS(fs_setxattr("c/f", VECTOR, infinite, sizeof infinite), -1);
    EXPECT_IS(errno, EINVAL);
    EXPECT_IS(fs_getxattr("c/f", VECTOR, NULL, 0), sizeof two);
    EXPECT_IS(fs_removexattr("c/f", VECTOR), 0);
    EXPECT(strcmp(names_found(fd, 1, 1, NULL), "") == 0);
}

static void what_rows_carry_is_one_too(void) {
    struct vexfs_row_meta metas[2] = {{7, 0, 0}, {8, 10, 20}};
    const int fd = make_collection("c");

    make_file("c/f", 0644);
    EXPECT_IS(fs_setxattr("c/f", ROWS, metas, sizeof metas), 0);
    EXPECT_IS(fs_setxattr("c/f", VECTOR, two, sizeof two), 0);
    EXPECT(strcmp(names_found(fd, 1, 9, "tag = 8"), "f ") == 0);
    EXPECT_IS(fs_getxattr("c/f", ROWS, NULL, 0), sizeof metas);
}

static void outside_it_is_an_ordinary_one(void) {
    make_file("f", 0644);
    EXPECT_IS(fs_setxattr("f", VECTOR, "abc", 3), 0);
    EXPECT_IS(fs_getxattr("f", VECTOR, NULL, 0), 3);
}

/* Whether ctime has grown since it was looked at last, and nothing else of the times has. */
static int has_a_newer_ctime(const char* path, struct stat* before) {
    const struct stat old = *before;

    EXPECT_IS(fs_stat(path, before), 0);
    EXPECT(old.st_mtim.tv_sec == before->st_mtim.tv_sec &&
           old.st_mtim.tv_nsec == before->st_mtim.tv_nsec);
    return old.st_ctim.tv_sec < before->st_ctim.tv_sec ||
           (old.st_ctim.tv_sec == before->st_ctim.tv_sec &&
            old.st_ctim.tv_nsec < before->st_ctim.tv_nsec);
}

/* As drop(), in a message that goes by a session. */
static void drop_by_session(int session, const char* name) {
    struct vexfs_drop body;
    struct message m;

    memset(&body, 0, sizeof body);
    body.file.name = (unsigned)strlen(name);
    begin(&m, VEXFS_OP_DROP, 0, &body, sizeof body);
    add(&m, name, strlen(name));
    m.msg.room = sizeof m;
    EXPECT_IS(fs_pwrite(session, &m, m.msg.size, 0), m.msg.size);
    EXPECT(fs_pread(session, &m, sizeof m, 0) > 0);
    EXPECT_IS(m.msg.status, 0);
}

static void copies_go_by_ctime(void) {
    const int fd = make_collection("c");
    struct vexfs_drop_reply reply;
    struct stat times;
    int file;

    make_file("c/f", 0644);
    EXPECT_IS(fs_stat("c/f", &times), 0);
    EXPECT(!has_a_newer_ctime("c/f", &times));
    file = open_as("c/f", O_RDWR);
    EXPECT_IS(put(file, 0, NULL, 0, 1, two), 0);
    EXPECT(has_a_newer_ctime("c/f", &times));
    EXPECT_IS(put_one(fd, "f", 1), 0);
    EXPECT(has_a_newer_ctime("c/f", &times));
    EXPECT_IS(drop(fd, ino_of("c/f"), NULL, 0, &reply), 0);
    EXPECT(has_a_newer_ctime("c/f", &times));
    drop_by_session(open_as("c/.vexfs/call", O_RDWR), "f");
    EXPECT(has_a_newer_ctime("c/f", &times));
    EXPECT_IS(put(fd, 0, "f", 7, 1, two), -EINVAL);
    EXPECT(!has_a_newer_ctime("c/f", &times));
}

static void similar_lists_the_nearest(void) {
    char target[64];
    struct listed names[16];
    const int fd = make_collection("c");

    make_file("c/a", 0644);
    make_file("c/b", 0644);
    make_file("c/secret", 0600);
    EXPECT_IS(put_one(fd, "a", 1), 0);
    EXPECT_IS(put_one(fd, "b", 2), 0);
    EXPECT_IS(put_one(fd, "secret", 1), 0);
    become(BOB, BOB, 0);
    EXPECT_IS(fs_list("c/.similar/a", names, 16), 1);
    EXPECT(strcmp(names[0].name, "0001 b") == 0);
    memset(target, 0, sizeof target);
    EXPECT(fs_readlink("c/.similar/a/0001 b", target, sizeof target - 1) > 0);
    EXPECT(strcmp(target, "../../b") == 0);
}

const struct abi_case view_cases[] = {
    {"user.vexfs.vector is the rows of a file", an_attribute_is_the_rows},
    {"user.vexfs.rows may come before the vector", what_rows_carry_is_one_too},
    {"outside of a collection both are ordinary attributes", outside_it_is_an_ordinary_one},
    {"rows that change change ctime, as attributes do", copies_go_by_ctime},
    {"`.similar` lists what its reader may read, nearest first", similar_lists_the_nearest},
    {NULL, NULL},
};
