// SPDX-License-Identifier: Apache-2.0
//
// The files nearest to a vector, by the header alone: open(2) and ioctl(2), no library.
//
//     search DIR NUMBER...
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <vexfs/vexfs_ioctl.h>

// A message and the reply that overwrites it.
static union {
    struct vexfs_msg msg;
    char bytes[VEXFS_MAX_IOCTL];
} m;

static int search(int directory, const float* query, unsigned dim, unsigned k) {
    struct vexfs_search* const search = (struct vexfs_search*)(m.bytes + sizeof m.msg);
    const size_t query_bytes = vexfs_vector_bytes(VEXFS_ELEMENT_F32, dim);
    m.msg.size = (unsigned)(sizeof m.msg + sizeof *search + VEXFS_PAD8(query_bytes));
    m.msg.room = sizeof m.bytes;
    m.msg.op = VEXFS_OP_SEARCH;
    m.msg.version = VEXFS_ABI_VERSION;
    m.msg.body = sizeof *search;
    m.msg.flags = VEXFS_SEARCH_PATHS;
    search->queries = 1;
    search->dim = dim;
    search->element = VEXFS_ELEMENT_F32;
    search->k = k;
    memcpy(search + 1, query, query_bytes);
    return ioctl(directory, VEXFS_IOC(VEXFS_OP_SEARCH, sizeof m.bytes), &m);
}

static void print_hits(void) {
    const struct vexfs_search_reply* const reply =
        (const struct vexfs_search_reply*)(m.bytes + sizeof m.msg);
    // The payload begins behind the body, whose size the header tells.
    const struct vexfs_answer* const answer =
        (const struct vexfs_answer*)((const char*)reply + m.msg.body);
    const struct vexfs_hit* const hit = (const struct vexfs_hit*)(answer + reply->queries);
    const char* path = (const char*)(hit + reply->hits);
    for (unsigned i = 0; i < reply->hits; ++i, path += strlen(path) + 1)
        printf("%g %s row %u\n", (double)hit[i].distance, path, hit[i].row);
}

int main(int count, char** arguments) {
    static float query[2048];
    const int dim = count - 2;
    if (dim < 1 || dim > (int)(sizeof query / sizeof query[0])) {
        fprintf(stderr, "usage: search DIR NUMBER...\n");
        return 2;
    }
    for (int i = 0; i < dim; ++i)
        query[i] = strtof(arguments[i + 2], NULL);
    const int directory = open(arguments[1], O_RDONLY | O_DIRECTORY);
    if (directory < 0) {
        perror(arguments[1]);
        return 1;
    }
    const int result = search(directory, query, (unsigned)dim, 10);
    if (result == 0) {
        print_hits();
    } else if (m.msg.status != 0) {
        const struct vexfs_failure* const failure =
            (const struct vexfs_failure*)(m.bytes + sizeof m.msg);
        fprintf(stderr, "%s\n", (const char*)failure + m.msg.body);
    } else {
        perror(arguments[1]); // no reply: this is not on a VexFS
    }
    close(directory);
    return result == 0 ? 0 : 1;
}
