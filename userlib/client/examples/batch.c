// SPDX-License-Identifier: Apache-2.0
//
// Many rows by one message, and many queries by another: each row of a file is asked for, and finds
// itself.
//
//     batch DIR NAME ROWS    a file without rows in a collection of 8 x f32, l2
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include <vexfs/vexfs.h>
#include <vexfs/vexfs_ioctl.h>

enum { kDim = 8 };

static struct vexfs_reason reason;

// Messages too large for an ioctl go by a session without further ado.
static int put_all(struct vexfs_node* directory, const char* name, const float* vectors,
                   unsigned rows) {
    struct vexfs_row_meta* const metas = calloc(rows, sizeof *metas);
    if (metas == NULL)
        return -1;
    for (unsigned i = 0; i < rows; ++i)
        metas[i].tag = 1000 + i;
    const struct vexfs_put_rows put = {.which.name = name,
                                       .first = VEXFS_ROW_APPEND,
                                       .rows = rows,
                                       .vectors = vectors,
                                       .metas = metas};
    const struct vexfs_put_batch batch = {
        .dim = kDim, .element = VEXFS_ELEMENT_F32, .count = 1, .files = &put};
    const int result = vexfs_rows_put(directory, &batch, NULL, &reason);
    free(metas);
    return result;
}

// How many of the rows found themselves; or -errno.
static int ask_all(struct vexfs_node* directory, const float* vectors, unsigned rows) {
    const struct vexfs_query query = {
        .vectors = vectors, .queries = rows, .dim = kDim, .element = VEXFS_ELEMENT_F32, .k = 3};
    struct vexfs_hits* hits;
    const int result = vexfs_rows_search(directory, &query, &hits, &reason);
    if (result != 0)
        return result;
    int found = 0;
    const struct vexfs_hit* hit = hits->hit;
    for (unsigned i = 0; i < hits->queries; hit += hits->answers[i].found, ++i)
        found += hits->answers[i].found > 0 && hit->row == i && hit->tag == 1000 + i;
    free(hits);
    return found;
}

int main(int count, char** arguments) {
    if (count != 4) {
        fprintf(stderr, "usage: batch DIR NAME ROWS\n");
        return 2;
    }
    const unsigned rows = (unsigned)strtoul(arguments[3], NULL, 10);
    float* const vectors = calloc((size_t)rows * kDim, sizeof *vectors);
    if (vectors == NULL)
        return 1;
    for (unsigned i = 0; i < rows * kDim; ++i)
        vectors[i] = sinf((float)i * (float)i);
    struct vexfs_node* directory = NULL;
    int result = vexfs_node_open(arguments[1], &directory, &reason);
    if (result == 0)
        result = put_all(directory, arguments[2], vectors, rows);
    if (result == 0)
        result = ask_all(directory, vectors, rows);
    if (result >= 0)
        printf("%d of %u rows found themselves\n", result, rows);
    else
        fprintf(stderr, "%s\n", reason.text);
    vexfs_node_close(directory);
    free(vectors);
    return result >= 0 ? 0 : 1;
}
