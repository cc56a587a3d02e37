// SPDX-License-Identifier: Apache-2.0
//
// The rows nearest to a vector, below a directory: the same program for a mounted volume and for an
// image.
//
//     nearest TARGET NUMBER...          TARGET: DIR or IMAGE:/DIR, with vectors of f32
#include <stdio.h>
#include <stdlib.h>

#include <vexfs/vexfs.h>
#include <vexfs/vexfs_ioctl.h>

static void print_hits(const struct vexfs_hits* hits) {
    for (unsigned i = 0; i < hits->hits; ++i) {
        const struct vexfs_hit* const hit = &hits->hit[i];
        printf("%.9g\t%s\t%u\t%llu\t%s\n", (double)hit->distance, hits->paths[i], hit->row,
               (unsigned long long)hit->tag,
               (hit->flags & VEXFS_HIT_EXACT) != 0 ? "exact" : "approximate");
    }
}

int main(int count, char** arguments) {
    const unsigned dim = count > 2 ? (unsigned)count - 2 : 0;
    float* const vector = calloc(dim + 1, sizeof *vector);
    if (dim == 0 || vector == NULL) {
        fprintf(stderr, "usage: nearest TARGET NUMBER...\n");
        free(vector);
        return 2;
    }
    for (unsigned i = 0; i < dim; ++i)
        vector[i] = strtof(arguments[i + 2], NULL);
    const struct vexfs_query query = {.vectors = vector,
                                      .queries = 1,
                                      .dim = dim,
                                      .element = VEXFS_ELEMENT_F32,
                                      .k = 10,
                                      .flags = VEXFS_SEARCH_PATHS};
    struct vexfs_node* directory = NULL;
    struct vexfs_hits* hits = NULL;
    struct vexfs_reason reason;
    int result = vexfs_node_open(arguments[1], &directory, &reason);
    if (result == 0)
        result = vexfs_rows_search(directory, &query, &hits, &reason);
    if (result == 0)
        print_hits(hits);
    else
        fprintf(stderr, "nearest: %s: %s\n", arguments[1], reason.text);
    free(hits);
    vexfs_node_close(directory);
    free(vector);
    return result == 0 ? 0 : 1;
}
