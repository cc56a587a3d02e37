// SPDX-License-Identifier: Apache-2.0
//
// Two files get vectors, and the nearer one to a third vector is found.
//
//     library DIR            a directory on a VexFS, which becomes a collection
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <vexfs/vexfs.h>
#include <vexfs/vexfs_ioctl.h>

static struct vexfs_reason reason;

static int put(struct vexfs_node* directory, const char* name, const float vector[3]) {
    const int file = openat(vexfs_node_fd(directory), name, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    if (file < 0) {
        snprintf(reason.text, sizeof reason.text, "%s cannot be made", name);
        return -errno;
    }
    close(file);
    const struct vexfs_put_rows rows = {.which.name = name, .rows = 1, .vectors = vector};
    const struct vexfs_put_batch batch = {.dim = 3,
                                          .element = VEXFS_ELEMENT_F32,
                                          .flags = VEXFS_PUT_TRUNCATE,
                                          .count = 1,
                                          .files = &rows};
    return vexfs_rows_put(directory, &batch, NULL, &reason);
}

static int find(struct vexfs_node* directory, const float vector[3]) {
    const struct vexfs_query query = {.vectors = vector,
                                      .queries = 1,
                                      .dim = 3,
                                      .element = VEXFS_ELEMENT_F32,
                                      .k = 1,
                                      .flags = VEXFS_SEARCH_PATHS};
    struct vexfs_hits* hits;
    const int result = vexfs_rows_search(directory, &query, &hits, &reason);
    if (result != 0)
        return result;
    for (unsigned i = 0; i < hits->hits; ++i)
        printf("%s at distance %g\n", hits->paths[i], (double)hits->hit[i].distance);
    free(hits);
    return 0;
}

int main(int count, char** arguments) {
    struct vexfs_node* directory = NULL;
    int result = vexfs_node_open(count > 1 ? arguments[1] : ".", &directory, &reason);
    if (result == 0) {
        const struct vexfs_schema schema = {
            .dim = 3, .element = VEXFS_ELEMENT_F32, .metric = VEXFS_METRIC_COSINE};
        struct vexfs_schema_reply made;
        result = vexfs_schema_set(directory, &schema, 0, &made, &reason);
    }
    if (result == 0)
        result = put(directory, "red", (const float[3]){1, 0, 0});
    if (result == 0)
        result = put(directory, "green", (const float[3]){0, 1, 0});
    if (result == 0)
        result = find(directory, (const float[3]){0.5F, 2, 0});
    if (result != 0)
        fprintf(stderr, "%s\n", reason.text);
    vexfs_node_close(directory);
    return result == 0 ? 0 : 1;
}
