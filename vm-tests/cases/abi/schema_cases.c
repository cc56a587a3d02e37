/* SPDX-License-Identifier: Apache-2.0 */
/* SCHEMA_SET and SCHEMA_GET: collections, where they begin and end. */
#include "vm-tests/cases/abi/message.h"

static void a_directory_becomes_a_collection(void) {
    struct vexfs_schema_reply reply;
    int fd;

    make_directory("c", 0755);
    fd = open_as("c", O_RDONLY);
    EXPECT_IS(schema_get(fd, &reply), -ENODATA);
    const struct vexfs_schema schema = plain_schema();
    EXPECT_IS(schema_set(fd, &schema, 0), 0);
    EXPECT_IS(schema_set(fd, &schema, 0), -EEXIST);

    EXPECT_IS(schema_get(fd, &reply), 0);
    EXPECT_IS(reply.schema.dim, DIM);
    EXPECT_IS(reply.schema.element, VEXFS_ELEMENT_F32);
    EXPECT_IS(reply.schema.metric, VEXFS_METRIC_L2);
    EXPECT_IS(reply.vector_bytes, DIM * 4);
    EXPECT(reply.schema.m != 0 && reply.schema.ef != 0 && reply.schema.ef_construction != 0);
    EXPECT(reply.collection == ino_of("c"));
    EXPECT(reply.created_ns > 0);
    EXPECT_IS(reply.flags & VEXFS_SCHEMA_OWN, VEXFS_SCHEMA_OWN);
}

static void what_is_below_inherits(void) {
    struct vexfs_schema_reply reply;
    struct vexfs_schema schema = plain_schema();

    make_collection("c");
    make_directory("c/d", 0755);
    make_file("c/d/f", 0644);
    EXPECT_IS(schema_get(open_as("c/d/f", O_RDONLY), &reply), 0);
    EXPECT(reply.collection == ino_of("c"));
    EXPECT_IS(reply.flags & VEXFS_SCHEMA_OWN, 0);
    /* A directory below may start its own. */
    schema.dim = 8;
    EXPECT_IS(schema_set(open_as("c/d", O_RDONLY), &schema, 0), 0);
    EXPECT_IS(schema_get(open_as("c/d/f", O_RDONLY), &reply), 0);
    EXPECT(reply.collection == ino_of("c/d"));
    EXPECT_IS(reply.schema.dim, 8);
}

static void update_changes_what_may_change(void) {
    struct vexfs_schema_reply reply;
    const int fd = make_collection("c");
    struct vexfs_schema schema = plain_schema();
    int plain;

    EXPECT_IS(schema_get(fd, &reply), 0);
    schema = reply.schema;
    schema.ef = 77;
    schema.max_rows = 1;
    EXPECT_IS(schema_set(fd, &schema, VEXFS_SCHEMA_UPDATE), 0);
    EXPECT_IS(schema_get(fd, &reply), 0);
    EXPECT_IS(reply.schema.ef, 77);
    EXPECT_IS(reply.schema.max_rows, 1);
    schema.dim = 5;
    EXPECT_IS(schema_set(fd, &schema, VEXFS_SCHEMA_UPDATE), -EINVAL);
    make_directory("d", 0755);
    plain = open_as("d", O_RDONLY);
    EXPECT_IS(schema_set(plain, &schema, VEXFS_SCHEMA_UPDATE), -ENODATA);
    /* What holds from above is not its own. */
    make_directory("c/d", 0755);
    EXPECT_IS(schema_set(open_as("c/d", O_RDONLY), &schema, VEXFS_SCHEMA_UPDATE), -ENODATA);

    make_file("c/a", 0644);
    make_file("c/b", 0644);
    EXPECT_IS(put_one(fd, "a", 1), 0);
    EXPECT_IS(put_one(fd, "b", 2), -EDQUOT);
    EXPECT_IS(put_one(fd, "a", 3), 0);
}

static void rows_below_forbid_a_border(void) {
    const struct vexfs_schema schema = plain_schema();
    const int fd = make_collection("c");

    make_directory("c/d", 0755);
    make_file("c/d/f", 0644);
    EXPECT_IS(put(fd, ino_of("c/d/f"), NULL, 0, 1, (const float[DIM]){0}), 0);
    EXPECT_IS(schema_set(open_as("c/d", O_RDONLY), &schema, 0), -ENOTEMPTY);
    EXPECT_IS(drop(fd, ino_of("c/d/f"), NULL, 0, NULL), 0);
    EXPECT_IS(schema_set(open_as("c/d", O_RDONLY), &schema, 0), 0);
}

static void rows_do_not_cross_a_border(void) {
    const int fd = make_collection("c");

    make_collection("other");
    make_file("c/f", 0644);
    make_file("plain", 0644);
    EXPECT_IS(put_one(fd, "f", 1), 0);
    EXPECT_IS(fs_rename("c/f", "f"), -1);
    EXPECT_IS(errno, EXDEV);
    EXPECT_IS(fs_rename("c/f", "other/f"), -1);
    EXPECT_IS(errno, EXDEV);
    EXPECT_IS(fs_link("c/f", "f"), -1);
    EXPECT_IS(errno, EXDEV);
    EXPECT_IS(fs_rename("plain", "c/plain"), 0);
    EXPECT_IS(fs_rename("c/f", "c/g"), 0);
    EXPECT(strcmp(names_found(fd, 1, 9, NULL), "g ") == 0);
    /* A file with a link outside takes no rows. */
    make_file("both", 0644);
    if (fs_link("both", "c/both") == 0)
        EXPECT_IS(put_one(fd, "both", 1), -EXDEV);
    else
        EXPECT_IS(errno, EXDEV);
}

static void every_field_is_checked(void) {
    const int fd = open_as(".", O_RDONLY);
    struct vexfs_schema bad = plain_schema();

#define REFUSED(field, value)                                                                      \
    do {                                                                                           \
        bad = plain_schema();                                                                      \
        bad.field = (value);                                                                       \
        EXPECT_IS(schema_set(fd, &bad, 0), -EINVAL);                                               \
    } while (0)
    REFUSED(dim, 0);
    REFUSED(dim, VEXFS_MAX_DIM + 1);
    REFUSED(element, 0);
    REFUSED(element, 7);
    REFUSED(metric, 0);
    REFUSED(metric, VEXFS_METRIC_HAMMING);
    REFUSED(codes, 9);
    REFUSED(index, 9);
    REFUSED(m, 3);
    REFUSED(m, 129);
    REFUSED(ef_construction, 15);
    REFUSED(ef_construction, 4097);
    REFUSED(ef, VEXFS_MAX_EF + 1);
    REFUSED(pool, 9);
    REFUSED(compress, 9);
    REFUSED(zero, 1);
#undef REFUSED
    bad = plain_schema();
    EXPECT_IS(schema_set(fd, &bad, 2), -EINVAL);
    bad.element = VEXFS_ELEMENT_BIT;
    EXPECT_IS(schema_set(fd, &bad, 0), -EINVAL);
    bad.metric = VEXFS_METRIC_JACCARD;
    bad.codes = VEXFS_CODES_I8;
    EXPECT_IS(schema_set(fd, &bad, 0), -EINVAL);
    struct vexfs_schema_reply reply;
    EXPECT_IS(schema_get(fd, &reply), -ENODATA);
}

const struct abi_case schema_cases[] = {
    {"SCHEMA_SET makes a collection, and SCHEMA_GET tells its schema",
     a_directory_becomes_a_collection},
    {"SCHEMA_GET tells what holds from above, up to a schema of one's own", what_is_below_inherits},
    {"SCHEMA_UPDATE changes limits, and nothing else", update_changes_what_may_change},
    {"SCHEMA_SET above rows is ENOTEMPTY", rows_below_forbid_a_border},
    {"rename and link of rows across a border are EXDEV", rows_do_not_cross_a_border},
    {"SCHEMA_SET refuses each field out of its range", every_field_is_checked},
    {NULL, NULL},
};
