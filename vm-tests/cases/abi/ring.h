/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The least of io_uring that a linked pair needs: a program of the suite links the C library alone.
 *
 * Threads: one thread.
 */
#pragma once

#include <stddef.h>

/* Writes `from` to the descriptor and then, linked, reads into `into`, both at offset 0. The two
 * results; 0, or -errno if this machine gives us no ring. */
int write_then_read(int fd, const void* from, size_t from_bytes, void* into, size_t into_bytes,
                    int results[2]);
