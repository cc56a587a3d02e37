// SPDX-License-Identifier: Apache-2.0
//
// Where a file system is mounted, out of /proc/self/mountinfo.
//
// Threads: pure functions of the table of the moment.
#pragma once

#include <sys/types.h>

struct mount_line {
    char* line;        // owns the text of the others; free(3)
    const char* point; // of a mount of the whole file system
    const char* type;
    const char* source;
};

// The first mount of the root of the file system `device` that the caller can reach: 0, -ENOENT if
// there is none, -ENOMEM, or why the table cannot be read.
int find_mount(dev_t device, struct mount_line* found);
