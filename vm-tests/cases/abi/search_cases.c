/* SPDX-License-Identifier: Apache-2.0 */
/* SEARCH, EXPLAIN and PATH: what is found, in which order, and what the answer says of itself. */
#include "vm-tests/cases/abi/message.h"

/* c/a 1, c/b 2, c/d/e 5 and 6. */
static int make_four_rows(void) {
    const float two[2 * DIM] = {5, 5, 5, 5, 6, 6, 6, 6};
    const int fd = make_collection("c");

    make_file("c/a", 0644);
    make_file("c/b", 0644);
    make_directory("c/d", 0755);
    make_file("c/d/e", 0644);
    EXPECT_IS(put_one(fd, "a", 1), 0);
    EXPECT_IS(put_one(fd, "b", 2), 0);
    EXPECT_IS(put(fd, ino_of("c/d/e"), NULL, 0, 2, two), 0);
    return fd;
}

static void near_rows_come_first(void) {
    const int fd = make_four_rows();
    struct message m;

    EXPECT_IS(search(fd, 1, 3, VEXFS_SEARCH_PATHS, NULL, &m), 0);
    const struct vexfs_hit* hits = hits_of(&m);
    EXPECT_IS(answer_of(&m)->found, 3);
    EXPECT_IS(answer_of(&m)->why, 0);
    EXPECT_IS(answer_of(&m)->flags & VEXFS_ANSWER_EXACT, VEXFS_ANSWER_EXACT);
    EXPECT(hits[0].distance == 0 && hits[1].distance == 4 && hits[2].distance == 64);
    EXPECT(hits[2].ino == ino_of("c/d/e") && hits[2].row == 0);
    EXPECT(strcmp(path_of(&m, 0), "a") == 0 && strcmp(path_of(&m, 2), "d/e") == 0);

    EXPECT_IS(search(fd, 1, 9, VEXFS_SEARCH_PER_FILE, NULL, &m), 0);
    EXPECT_IS(answer_of(&m)->found, 3);
    EXPECT_IS(answer_of(&m)->why, VEXFS_SHORT_ROWS);
}

static void only_what_is_below_is_searched(void) {
    make_four_rows();
    EXPECT(strcmp(names_found(open_as("c/d", O_RDONLY), 1, 9, NULL), "e e ") == 0);
}

static void a_radius_cuts_off(void) {
    struct vexfs_search body;
    const float query[DIM] = {1, 1, 1, 1};
    const int fd = make_four_rows();
    struct message m;

    memset(&body, 0, sizeof body);
    body.queries = 1;
    body.dim = DIM;
    body.element = VEXFS_ELEMENT_F32;
    body.k = 9;
    body.radius = 4;
    begin(&m, VEXFS_OP_SEARCH, VEXFS_SEARCH_RADIUS, &body, sizeof body);
    add(&m, query, sizeof query);
    EXPECT_IS(send(fd, &m), 0);
    EXPECT_IS(answer_of(&m)->found, 2);
    EXPECT_IS(answer_of(&m)->why & VEXFS_SHORT_RADIUS, VEXFS_SHORT_RADIUS);
}

static void several_queries_have_an_answer_each(void) {
    const float queries[2 * DIM] = {2, 2, 2, 2, 6, 6, 6, 6};
    const int fd = make_four_rows();
    struct vexfs_search body;
    struct message m;

    memset(&body, 0, sizeof body);
    body.queries = 2;
    body.dim = DIM;
    body.element = VEXFS_ELEMENT_F32;
    body.k = 1;
    begin(&m, VEXFS_OP_SEARCH, VEXFS_SEARCH_VECTORS | VEXFS_SEARCH_PATHS, &body, sizeof body);
    add(&m, queries, sizeof queries);
    EXPECT_IS(send(fd, &m), 0);
    const struct vexfs_search_reply* reply = body_of(&m);
    EXPECT_IS(reply->queries, 2);
    EXPECT_IS(reply->hits, 2);
    EXPECT_IS(reply->vector_bytes, DIM * 4);
    const struct vexfs_hit* hits = hits_of(&m);
    EXPECT(hits[0].ino == ino_of("c/b") && hits[1].ino == ino_of("c/d/e") && hits[1].row == 1);
    EXPECT(memcmp(hits + 2, queries, sizeof queries) == 0);
    EXPECT(strcmp((const char*)(hits + 2) + sizeof queries, "b") == 0);
    /* Vectors of k hits would not fit, those of what there is do. */
    EXPECT_IS(search(fd, 2, VEXFS_MAX_K, VEXFS_SEARCH_VECTORS, NULL, &m), 0);
    EXPECT_IS(answer_of(&m)->found, 4);
    EXPECT_IS(answer_of(&m)->why, VEXFS_SHORT_ROWS);
    EXPECT(memcmp(hits_of(&m) + 4, queries, DIM * sizeof(float)) == 0);
}

static void a_filter_chooses(void) {
    const int fd = make_four_rows();

    EXPECT(strcmp(names_found(fd, 1, 9, "name a or name b"), "a b ") == 0);
    EXPECT(strcmp(names_found(fd, 1, 9, "path \"d/*\" and row = 1"), "d/e ") == 0);
    EXPECT(strcmp(names_found(fd, 1, 9, "not size = 0"), "") == 0);
}

static void a_filter_that_is_none_names_its_column(void) {
    static const char bad[] = "size > ( 3";
    const int fd = make_four_rows();
    struct message m;

    EXPECT_IS(search(fd, 1, 9, 0, bad, &m), -EINVAL);
    const unsigned filter_at = sizeof m.msg + sizeof(struct vexfs_search) + DIM * 4;
    EXPECT_IS(failure_of(&m)->offset, filter_at + strlen("size > "));
    EXPECT_IS(search(fd, 1, 9, 0, "name a or", &m), -EINVAL);
    EXPECT_IS(search(fd, 1, 9, 0, "name \"a\001\"", &m), -EINVAL);
}

static void explain_counts_what_search_does(void) {
    const int fd = make_four_rows();
    struct vexfs_explain record;

    EXPECT_IS(explain(fd, 1, VEXFS_EXPLAIN_TOTALS, &record), 0);
    EXPECT_IS(record.answer.found, 4);
    EXPECT_IS(record.visible, 4);
    EXPECT_IS(record.rows, 4);
    EXPECT(record.total_ns > 0);
    EXPECT_IS(explain(fd, 1, 0, &record), 0);
    EXPECT_IS(record.rows, 0);
    EXPECT_IS(record.scan_ns, 0);
}

static void paths_are_told_of_numbers(void) {
    struct vexfs_path body;
    uint64_t inos[3];
    struct message m;
    int fd;

    make_four_rows();
    fd = open_as("c", O_RDONLY);
    inos[0] = ino_of("c/d/e");
    inos[1] = 123456789;
    inos[2] = ino_of("c/a");
    memset(&body, 0, sizeof body);
    body.inos = 3;
    begin(&m, VEXFS_OP_PATH, 0, &body, sizeof body);
    add(&m, inos, sizeof inos);
    EXPECT_IS(send(fd, &m), 0);
    EXPECT_IS(((struct vexfs_path_reply*)body_of(&m))->path_bytes, 7);
    EXPECT(memcmp(payload_of(&m), "d/e\0\0a\0", 7) == 0);
}

const struct abi_case search_cases[] = {
    {"SEARCH finds the nearest, in order, with paths", near_rows_come_first},
    {"SEARCH stays below the directory that it is asked on", only_what_is_below_is_searched},
    {"SEARCH with a radius says that it cut off", a_radius_cuts_off},
    {"SEARCH answers several queries, with vectors and paths", several_queries_have_an_answer_each},
    {"SEARCH with a filter finds what passes", a_filter_chooses},
    {"a filter that is none is EINVAL and names the byte", a_filter_that_is_none_names_its_column},
    {"EXPLAIN counts, and totals only if they are asked for", explain_counts_what_search_does},
    {"PATH tells the path of what is there, and nothing of what is not", paths_are_told_of_numbers},
    {NULL, NULL},
};
