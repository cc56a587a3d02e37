/* SPDX-License-Identifier: Apache-2.0 */
#include "vm-tests/cases/abi/ring.h"

#include <errno.h>
#include <linux/io_uring.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define ENTRIES 2

struct ring {
    int fd;
    struct io_uring_params params;
    unsigned char* rings;
    size_t ring_bytes;
    struct io_uring_sqe* sqes;
};

static int open_ring(struct ring* ring) {
    memset(ring, 0, sizeof *ring);
    ring->fd = (int)syscall(SYS_io_uring_setup, ENTRIES, &ring->params);
    if (ring->fd < 0)
        return -errno;
    ring->ring_bytes =
        ring->params.cq_off.cqes + ring->params.cq_entries * sizeof(struct io_uring_cqe);
    ring->rings = mmap(NULL, ring->ring_bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE,
                       ring->fd, IORING_OFF_SQ_RING);
    ring->sqes = mmap(NULL, ENTRIES * sizeof *ring->sqes, PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_POPULATE, ring->fd, IORING_OFF_SQES);
    if (ring->rings != MAP_FAILED && ring->sqes != MAP_FAILED &&
        (ring->params.features & IORING_FEAT_SINGLE_MMAP) != 0)
        return 0;
    close(ring->fd);
    return -ENOSYS;
}

static void prepare(struct ring* ring, unsigned slot, int op, int fd, uintptr_t address,
                    size_t bytes) {
    struct io_uring_sqe* const sqe = &ring->sqes[slot];

    memset(sqe, 0, sizeof *sqe);
    sqe->opcode = (unsigned char)op;
    sqe->fd = fd;
    sqe->addr = address;
    sqe->len = (unsigned)bytes;
    sqe->flags = slot == 0 ? IOSQE_IO_LINK : 0;
    sqe->user_data = slot;
    ((unsigned*)(ring->rings + ring->params.sq_off.array))[slot] = slot;
}

int write_then_read(int fd, const void* from, size_t from_bytes, void* into, size_t into_bytes,
                    int results[2]) {
    struct ring ring;
    int result = open_ring(&ring);

    if (result != 0)
        return result;
    prepare(&ring, 0, IORING_OP_WRITE, fd, (uintptr_t)from, from_bytes);
    prepare(&ring, 1, IORING_OP_READ, fd, (uintptr_t)into, into_bytes);
    __atomic_store_n((unsigned*)(ring.rings + ring.params.sq_off.tail), ENTRIES, __ATOMIC_RELEASE);
    if (syscall(SYS_io_uring_enter, ring.fd, ENTRIES, ENTRIES, IORING_ENTER_GETEVENTS, NULL, 0) !=
        ENTRIES)
        result = -errno;
    for (unsigned i = 0; i < ENTRIES && result == 0; i++) {
        const struct io_uring_cqe* const cqe =
            (const struct io_uring_cqe*)(ring.rings + ring.params.cq_off.cqes) + i;

        results[cqe->user_data] = cqe->res;
    }
    munmap(ring.sqes, ENTRIES * sizeof *ring.sqes);
    munmap(ring.rings, ring.ring_bytes);
    close(ring.fd);
    return result;
}
