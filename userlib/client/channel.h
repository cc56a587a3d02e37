// SPDX-License-Identifier: Apache-2.0
//
// What messages go through: a descriptor of the system, or a handle in an image that this process
// has open. Both take the same calls, which answer -errno here.
//
// Threads: any thread uses a channel; one closes it.
#pragma once

#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "userlib/client/image.h"

struct channel {
    int file;            // -1: none
    struct image* image; // NULL: `file` is of the system; else a use of the image
};

// The target of vexfs_node_open(): "IMAGE:/PATH", or a path of the system.
int channel_open(const char* target, int flags, struct channel* opened,
                 struct vexfs_reason* reason);
// Relative to a directory; in an image also to a file, which stands for the directory it is in.
int channel_openat(const struct channel* at, const char* path, int flags, mode_t mode,
                   struct channel* opened);
void channel_close(const struct channel* channel);

int channel_ioctl(const struct channel* channel, unsigned long number, void* argument);
ssize_t channel_pread(const struct channel* channel, void* into, size_t bytes, off_t offset);
ssize_t channel_pwrite(const struct channel* channel, const void* from, size_t bytes, off_t offset);
int channel_stat(const struct channel* channel, struct stat* found);
int channel_mkdirat(const struct channel* at, const char* path, mode_t mode);
